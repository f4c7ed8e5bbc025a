import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { type Digest, digestOf } from "../../src/core/digest.ts";
import { Log } from "../../src/log.ts";
import { Answers, type OperatedChain } from "../../src/operator/answers.ts";
import { askOperated } from "../../src/operator/ask.ts";
import { maxAskedBytes, maxOpenRequests } from "../../src/operator/door.ts";
import { type AnswerLine, readAnswer, readAsked } from "../../src/operator/messages.ts";
import { pointerName } from "../../src/operator/socket-file.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { within } from "../fake-node/deadline.ts";
import { bytesOf, decideNext, now, peer, startVm } from "../support/chain.ts";
import { Operated, startBackupThread } from "../support/operated.ts";
import { reasonOf, stateOf } from "../support/promise.ts";

const digest = (text: string): Digest => digestOf(bytesOf(text));
const otherPeer = nodeIdFromBytes(new Uint8Array(20).fill(9));

async function list({ directory }: Operated, onLine: (line: AnswerLine) => void = () => {}) {
  const lines: AnswerLine[] = [];
  const done = await askOperated(directory.path, { do: "list" }, (line) => {
    lines.push(line);
    onLine(line);
  });
  return { lines, proposals: lines.flatMap((line) => ("proposal" in line ? [line.proposal] : [])), done };
}

/** Raw bytes on the socket; gives what comes back until it is closed. */
async function send({ directory }: Operated, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(readFileSync(directory.file(pointerName), "utf8"));
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", () => {}).on("close", () => resolve(text));
  socket.end(bytes);
  return within("the end of a connection", promise);
}

describe("the list", () => {
  test("says in the order they came whose each is, and the total", async () => {
    await using operated = await Operated.start();
    const { vm } = operated;
    vm.propose([{ data: bytesOf("ours"), caller: "192.0.2.7" }]);
    vm.addGossip([bytesOf("a peer's")], peer);
    vm.propose([{ data: bytesOf("ours too"), caller: "192.0.2.8" }]);
    const { lines, done } = await list(operated);
    expect(lines).toEqual([
      { mempool: { items: 3n, bytes: 20n } },
      { proposal: { id: digest("ours"), bytes: 4n, since: now, client: "192.0.2.7" } },
      { proposal: { id: digest("a peer's"), bytes: 8n, since: now, peer } },
      { proposal: { id: digest("ours too"), bytes: 8n, since: now, client: "192.0.2.8" } },
    ] as AnswerLine[]);
    expect(done).toEqual({ listed: 3n });
  });

  test("has each once that waits all the while, and no other twice, while many come and go", async () => {
    await using operated = await Operated.start();
    const { vm } = operated;
    const texts = Array.from({ length: 12_000 }, (_, i) => `proposal ${i}`);
    vm.propose(texts.map((text) => ({ data: bytesOf(text), caller: "one" })));
    let heard = 0;
    const { proposals, done } = await list(operated, () => {
      if (++heard % 100 > 0) return;
      vm.drop([digest(`proposal ${heard + 5_000}`), digest(`proposal ${heard - 50}`)]);
      vm.propose([{ data: bytesOf(`new ${heard}`), caller: "two" }]);
      if (heard % 1_000 === 0) decideNext(vm);
    });
    const ids = proposals.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(done).toEqual({ listed: BigInt(ids.length) });
    const first = new Set(texts.map(digest));
    const stayed = [...vm.waiting()].map((waiting) => waiting.digest).filter((id) => first.has(id));
    expect(stayed.length).toBeGreaterThan(11_000);
    const still = new Set(stayed);
    expect(ids.filter((id) => still.has(id))).toEqual(stayed);
  });

  test("is empty where nothing waits", async () => {
    await using operated = await Operated.start();
    expect(await list(operated)).toEqual({
      lines: [{ mempool: { items: 0n, bytes: 0n } }],
      proposals: [],
      done: { listed: 0n },
    });
  });
});

describe("clearing", () => {
  test("all that peers sent leaves what our own clients proposed, and what comes meanwhile", async () => {
    await using operated = await Operated.start();
    const { vm, directory, log } = operated;
    const theirs = (peer: string, i: number) => bytesOf(`${peer} ${i}`);
    vm.propose([{ data: bytesOf("ours"), caller: "one" }]);
    vm.addGossip(
      Array.from({ length: 1_200 }, (_, i) => theirs("peer", i)),
      peer,
    );
    vm.addGossip(
      Array.from({ length: 700 }, (_, i) => theirs("other", i)),
      otherPeer,
    );
    vm.propose([{ data: bytesOf("ours too"), caller: "two" }]);
    const clearing = askOperated(directory.path, { do: "clear peers" });
    expect(await clearing).toEqual({ cleared: 1_900n });
    expect([...vm.waiting()].map((waiting) => waiting.digest)).toEqual([digest("ours"), digest("ours too")]);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([{ level: "warn", proposals: 1_900 }]);
    await operated.closeDoor();
    vm.close();
    const store = BlockStore.open(operated.file);
    expect([...store.proposals.readAll()].map((proposal) => proposal.digest)).toEqual([
      digest("ours"),
      digest("ours too"),
    ]);
    store.close();
  });

  test("all that peers sent ends with all, also when some leave in a pause", async () => {
    await using operated = await Operated.start();
    const { vm, directory } = operated;
    vm.addGossip(
      Array.from({ length: 600 }, (_, i) => bytesOf(`peer ${i}`)),
      peer,
    );
    const clearing = askOperated(directory.path, { do: "clear peers" });
    while (vm.status().mempool.items === 600) await Bun.sleep(0);
    vm.drop([[...vm.waiting()].at(-1)?.digest ?? digest("none")]); // in the pause behind the first slice
    const done = await clearing;
    expect(vm.status().mempool.items).toBe(0);
    expect(done).toEqual({ cleared: 599n });
  });

  test("one of a peer needs no more words", async () => {
    await using operated = await Operated.start();
    const { vm, directory } = operated;
    vm.addGossip([bytesOf("a"), bytesOf("b")], peer);
    const asked = { do: "clear", id: digest("a"), evenPromised: false } as const;
    expect(await askOperated(directory.path, asked)).toEqual({ cleared: 1n });
    expect([...vm.waiting()].map((waiting) => waiting.digest)).toEqual([digest("b")]);
    expect(await reasonOf(askOperated(directory.path, asked))).toMatchObject({
      message: `no proposal ${digest("a")} waits for a block`,
    });
  });

  test("one that a client was promised is done only when that is said", async () => {
    await using operated = await Operated.start();
    const { vm, directory } = operated;
    vm.propose([{ data: bytesOf("a"), caller: "192.0.2.7" }]);
    const asked = { do: "clear", id: digest("a") } as const;
    expect(await askOperated(directory.path, { ...asked, evenPromised: false })).toEqual({
      promised: { id: digest("a"), bytes: 1n, since: now, client: "192.0.2.7" },
    });
    expect(vm.status().mempool.items).toBe(1);
    expect(await askOperated(directory.path, { ...asked, evenPromised: true })).toEqual({ cleared: 1n });
    expect(vm.status().mempool.items).toBe(0);
  });

  test("of a chain whose file fails says why", async () => {
    await using operated = await Operated.start();
    const { vm, directory } = operated;
    vm.addGossip([bytesOf("a")], peer);
    vm.close();
    const asked = { do: "clear", id: digest("a"), evenPromised: false } as const;
    expect(await reasonOf(askOperated(directory.path, asked))).toMatchObject({ refusal: { code: "refused" } });
  });
});

describe("that something was cleared", () => {
  test.each([
    ["one", { do: "clear", id: digest("a"), evenPromised: false }],
    ["all", { do: "clear peers" }],
  ] as const)("is said when it is on the disk: %s", async (_name, asked) => {
    const { vm } = startVm();
    vm.addGossip([bytesOf("a")], peer);
    const disk = Promise.withResolvers<void>();
    const chain: OperatedChain = {
      status: () => vm.status(),
      waiting: () => vm.waiting(),
      getWaiting: (id) => vm.getWaiting(id),
      drop: (ids) => vm.drop(ids),
      commitPause: undefined,
      synced: () => disk.promise,
    };
    const answers = new Answers({ chain, file: ":memory:", log: new Log(() => {}), startBackup: startBackupThread });
    const done = answers.answer(asked, { write: async () => {}, signal: new AbortController().signal });
    expect(await stateOf(done)).toBe("waiting");
    expect(vm.status().mempool.items).toBe(0);
    disk.resolve();
    expect(await done).toEqual({ cleared: 1n });
    vm.close();
  });
});

describe("what comes in", () => {
  const post = (body: string, length = body.length) =>
    `POST / HTTP/1.1\r\nHost: operator\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`;

  test.each([
    ["nothing", ""],
    ["no HTTP", "\u0000\u00ff\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a header without an end", `POST / HTTP/1.1\r\nX: ${"x".repeat(100_000)}`],
    ["half a request", post("{}", 100)],
    ["a length that is none", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"],
  ])("%s does not matter", async (_name, bytes) => {
    await using operated = await Operated.start();
    await send(operated, bytes);
    expect((await list(operated)).done).toEqual({ listed: 0n });
  });

  test.each([
    ["no JSON", "clear peers"],
    ["no object", "[]"],
    ["another word", '{"do":"stop"}'],
    ["no id", '{"do":"clear"}'],
    ["a wrong id", '{"do":"clear","id":"0x12"}'],
    ["no file", '{"do":"back up"}'],
    ["a deep value", `${'{"do":'.repeat(2_000)}`],
  ])("%s is refused", async (_name, body) => {
    await using operated = await Operated.start();
    operated.vm.addGossip([bytesOf("a")], peer);
    const answer = await send(operated, post(body));
    expect(answer).toStartWith("HTTP/1.1 400");
    expect(answer).toContain("this is nothing that can be asked here");
    expect(operated.vm.status().mempool.items).toBe(1);
  });

  test("has a limit of bytes", async () => {
    await using operated = await Operated.start();
    const fit = (bytes: number) => send(operated, post(`{"do":"list"${" ".repeat(bytes - 13)}}`));
    expect(await fit(maxAskedBytes)).toContain('{"listed":0}');
    expect(await fit(maxAskedBytes + 1)).toContain(`a request has at most ${maxAskedBytes} bytes`);
  });

  test("is answered a few at a time", async () => {
    await using operated = await Operated.start();
    const path = readFileSync(operated.directory.file(pointerName), "utf8");
    const held: Socket[] = [];
    for (let i = 0; i < maxOpenRequests; i++) {
      const socket = connect(path);
      held.push(socket);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket
        .on("error", () => {})
        .write(post("{}", 100).replace("Host:", "Expect: 100-continue\r\nHost:"), () => resolve());
      socket.resume();
      await promise;
    }
    const until = async (isRight: (answer: string) => boolean) => {
      while (!isRight(await send(operated, post('{"do":"list"}')))) await Bun.sleep(5);
    };
    await within(
      "a refusal",
      until((answer) => answer.includes("too many requests are unanswered")),
    );
    for (const socket of held) socket.destroy();
    await within(
      "an answer",
      until((answer) => answer.includes('{"listed":0}')),
    );
  });
});

test("what an answer must be", () => {
  expect(readAsked(`{"do":"clear","id":"${digest("a").toUpperCase()}","evenPromised":1}`)).toEqual({
    do: "clear",
    id: digest("a"),
    evenPromised: false,
  });
  const large = 2n ** 53n + 1n;
  expect(readAnswer(`{"cleared":${large}}`)).toEqual({ cleared: large });
  expect(readAnswer(`{"progress":{"blocks":1,"total":${large}}}`)).toEqual({ progress: { blocks: 1n, total: large } });
  for (const text of ["", "null", "{}", '{"cleared":"1"}', '{"proposal":{"id":"1"}}', '{"backup":{"blocks":1}}']) {
    expect(readAnswer(text)).toBeUndefined();
  }
});
