import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  type AcceptedBlock,
  apiBlock,
  blockOf,
  confirmed,
  FakeServer,
  hexOf,
  isoTime,
  RpcFailure,
  StandingClock,
  serverThat,
  sha256,
  sha256Twice,
  someNode,
  TestChain,
} from "./node-support.ts";

let chain: TestChain;
let directory: ReturnType<typeof temporaryDirectory>;

beforeAll(async () => {
  chain = await TestChain.start();
  directory = temporaryDirectory();
});
afterAll(() => {
  chain[Symbol.dispose]();
  directory[Symbol.dispose]();
});

const forTheProof = "For the proof of a file, stamp it again then: nothing new is stamped.\n";

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(directory.file(name), content);
  return directory.file(name);
}

async function latest() {
  return (await chain.call("getBlocks", { limit: 1 })).blocks[0];
}

describe("stamp", () => {
  test("puts the SHA-256 of a file on the chain, and prints when it was accepted", async () => {
    const path = file("report.txt", "a report");
    using server = serverThat(confirmed, chain);
    const { code, out, err } = await server.run(["stamp", path]);
    const block = await latest();
    expect(block.data).toBe(`0x${sha256("a report")}`);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(
      [
        `data     ${path}, 8 bytes`,
        `SHA-256  ${sha256("a report")}`,
        `time     existed by ${isoTime(block.timestamp + 30)} (seen by this node)`,
        `said by  the node at ${server.url}/ext/bc/timestampvm/rpc`,
        `receipt  ${sha256Twice("a report")}`,
        `stamped  ${isoTime(block.timestamp)}  block ${block.id}  height ${block.height}`,
        `proof    ${path}.ots`,
        "",
      ].join("\n"),
    );
  });

  test.each<readonly [string, (content: string) => readonly string[], string]>([
    ["a text", (content) => ["--text", content], "data     the text, "],
    ["a digest", (content) => ["--digest", sha256(content)], "SHA-256  "],
    ["a digest behind 0x", (content) => ["--digest", `0x${sha256(content)}`], "SHA-256  "],
    ["a digest in capitals", (content) => ["--digest", sha256(content).toUpperCase()], "SHA-256  "],
  ])("takes %s", async (name, args, start) => {
    const { code, out } = await chain.run(["stamp", ...args(name)]);
    expect([code, out.startsWith(start)]).toEqual([0, true]);
    expect((await latest()).data).toBe(`0x${sha256(name)}`);
  });

  test.each([
    ["where nothing is named", []],
    ["where it is named", ["-"]],
  ])("takes standard input %s", async (name, args) => {
    const { code, out } = await chain.run(["stamp", ...args], { stdin: file("input", name) });
    expect([code, out]).toEqual([0, expect.stringMatching(/^data {5}standard input, \d+ bytes\n/)]);
    expect((await latest()).data).toBe(`0x${sha256(name)}`);
  });

  test("takes a file before standard input, and a text that looks like a file as text", async () => {
    const stdin = file("input", "from input");
    await chain.run(["stamp", file("named", "from a file")], { stdin });
    expect((await latest()).data).toBe(`0x${sha256("from a file")}`);
    await chain.run(["stamp", "--text", "-"], { stdin });
    expect((await latest()).data).toBe(`0x${sha256("-")}`);
  });

  test.each([[[]], [["--data"]]])("takes an empty standard input only where it is named, %j", async (options) => {
    const stdin = file("empty", "");
    const { code, out, err } = await chain.run(["stamp", ...options], { stdin });
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^error: standard input is empty or closed/)]);
    expect((await chain.run(["find", "-"], { stdin })).err).toContain(`no accepted block carries ${sha256("")}`);
  });

  test("takes an empty file as data, too", async () => {
    expect((await chain.run(["stamp", file("empty", "")])).code).toBe(0);
    expect((await latest()).data).toBe(`0x${sha256("")}`);
  });

  test.each([
    ["the data", "known as data", (text: string) => `0x${Buffer.from(text).toString("hex")}`, sha256],
    ["its SHA-256", "known as digest", (text: string) => `0x${sha256(text)}`, sha256Twice],
  ])(
    "makes no block for what the chain carries as %s: the first one counts",
    async (_name, text, encode, receiptOf) => {
      const data = encode(text);
      const id = sha256(Buffer.from(data.slice(2), "hex"));
      await chain.call("proposeBlock", { data });
      const { block: first } = await chain.call("getReceipt", { id, waitMs: 20_000 });
      using server = serverThat(confirmed, chain);
      const { code, out } = await server.run(["stamp", "--text", text]);
      expect([code, out]).toEqual([
        0,
        `data     the text, ${text.length} bytes\nSHA-256  ${sha256(text)}\n` +
          `time     existed by ${isoTime(first.timestamp + 30)} (seen by this node)\n` +
          `said by  the node at ${server.url}/ext/bc/timestampvm/rpc\nreceipt  ${receiptOf(text)}\n` +
          `stamped  ${isoTime(first.timestamp)}  block ${first.id}  height ${first.height}\n` +
          "It was on the chain before: nothing new was stamped.\n",
      ]);
      expect((await latest()).height).toBe(first.height);
      expect(server.asked.map(({ method }) => method)).toEqual(["find"]);
      const { out: json } = await server.run(["stamp", "--text", text, "--json"]);
      const { id: _, ...receipt } = await chain.call("getReceipt", { id });
      const block = { ...receipt.block, ...confirmed(first) };
      expect(JSON.parse(json)).toEqual({ digest: `0x${sha256(text)}`, id: `0x${id}`, ...receipt, block });
    },
  );

  test("for programs is the receipt, and the digest", async () => {
    using server = serverThat(confirmed, chain);
    const { code, out } = await server.run(["stamp", "--text", "for programs", "--json"]);
    const { id, height, timestamp } = await latest();
    const sight = `{"time":${timestamp + 30},"node":"${someNode}","own":true}`;
    expect([code, out]).toEqual([
      0,
      `{"digest":"0x${sha256("for programs")}","id":"0x${sha256Twice("for programs")}","status":"accepted",` +
        `"block":{"id":"${id}","height":${height},"timestamp":${timestamp},"claim":"confirmed","firstSight":${sight}}}\n`,
    ]);
  });
});

describe("stamp --data", () => {
  test("puts the data itself on the chain", async () => {
    const data = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 7);
    const large = file("large", data);
    const { code, out, err } = await chain.run(["stamp", "--data", large]);
    const block = await latest();
    expect([code, out, block.data === `0x${data.toHex()}`]).toEqual([1, "", true]);
    expect(err).toStartWith("error: it is stamped, but ");
    expect(err).toEndWith(": timestampvm proof FILE --output FILE.proof.json writes its proof\n");
    expect(existsSync(`${large}.ots`)).toBeFalse();
  });

  test("once: what the chain carries is printed", async () => {
    await chain.run(["stamp", "--data", "--text", "twice"]);
    const { height } = await latest();
    expect((await chain.run(["stamp", "--data", "--text", "twice"])).out).toEndWith("nothing new was stamped.\n");
    expect((await latest()).height).toBe(height);
  });

  test("puts data on the chain of which only the SHA-256 is there", async () => {
    await chain.run(["stamp", "--text", "first the digest"]);
    const { code, out } = await chain.run(["stamp", "--data", "--text", "first the digest"]);
    expect([code, out.includes("before")]).toEqual([0, false]);
    expect((await latest()).data).toBe(`0x${Buffer.from("first the digest").toString("hex")}`);
  });

  test.each([
    ["a file", (path: string) => [path]],
    ["standard input", () => []],
  ])("refuses %s with a byte more than a block may carry", async (_name, args) => {
    const path = file("too large", new Uint8Array(1_000_001));
    const { code, out, err } = await chain.run(["stamp", "--data", ...args(path)], { stdin: path });
    expect([code, out, err]).toEqual([1, "", expect.stringContaining("has more than 1,000,000 bytes\n")]);
  });
});

describe("the wait of stamp", () => {
  const answers = (receipts: readonly object[]) => {
    const left = [...receipts];
    return (method: string) => {
      if (method === "find") return { blocks: [] };
      if (method === "getBlockByHeight") return { block };
      return left.length > 1 ? left.shift() : left[0];
    };
  };
  const block = apiBlock(9, `0x${sha256("x")}`) as AcceptedBlock;
  const pending = { id: `0x${sha256Twice("x")}`, status: "pending" };
  const processing = { ...pending, status: "processing" };
  const acceptedReceipt = { ...pending, status: "accepted", block: { ...summaryOf(block), ...confirmed(block) } };

  test("goes on until the block is accepted", async () => {
    using server = new FakeServer(answers([pending, processing, acceptedReceipt]));
    const { code, out } = await server.run(["stamp", "--text", "x"]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`stamped  2026-11-21T21:41:51Z  block ${block.id}  height 9\n`),
    ]);
    expect(server.asked.map(({ method }) => method)).toEqual([
      "find",
      "stamp",
      "getReceipt",
      "getReceipt",
      "getBlockByHeight",
    ]);
    const waits = server.asked.slice(2, 4).map(({ params }) => Number(params.waitMs));
    for (const wait of waits) expect(wait > 10_000 && wait <= 25_000).toBeTrue();
  });

  test.each([
    ["pending", pending, "it is on the node's disk, and waits for a block"],
    ["processing", processing, "it is in a block that is not decided"],
  ])("ends with 3 when the time is over and it is %s", async (_name, receipt, state) => {
    using server = new FakeServer(answers([receipt]));
    const { code, out, err } = await server.run(["stamp", "--text", "x", "--timeout", "0.2"], {
      clock: new StandingClock(),
    });
    expect([code, out]).toEqual([3, expect.stringContaining(`\nstamped  not yet: ${state}\n`)]);
    expect(err).toBe(
      `error: not accepted within 0.2 s. The node keeps it; see later: timestampvm find --digest ${sha256("x")} --url ${server.url}\n${forTheProof}`,
    );
  });

  test("of a node that goes away meanwhile ends with 1, and says that it has the stamp", async () => {
    using server = new FakeServer((method) => {
      if (method === "find") return { blocks: [] };
      return method === "stamp" ? pending : new Response("gone", { status: 502 });
    });
    const { code, err } = await server.run(["stamp", "--text", "x"]);
    expect([code, err]).toEqual([1, expect.stringContaining("HTTP 502: gone\n")]);
    expect(err).toEndWith(
      `\nThe stamp was taken before. The node keeps it; see later: timestampvm find --digest ${sha256("x")} --url ${server.url}\n${forTheProof}`,
    );
  });

  test("of a real chain ends with 3, too, and what was stamped waits there", async () => {
    using slow = await TestChain.start(600_000);
    await slow.accept(["one before it"]);
    const { code, out } = await slow.run(["stamp", "--text", "late", "--timeout", "0.1", "--json"]);
    expect([code, JSON.parse(out).status]).toEqual([3, "pending"]);
    expect((await slow.call("getReceipt", { id: sha256Twice("late") })).status).toBe("pending");
  });

  test("does not ask at all with --timeout 0", async () => {
    using server = new FakeServer(answers([pending]));
    expect((await server.run(["stamp", "--text", "x", "--timeout", "0", "--json"])).code).toBe(3);
    expect(server.asked.map(({ method }) => method)).toEqual(["find", "stamp"]);
  });

  test("is left out with --no-wait", async () => {
    using server = new FakeServer(answers([pending]));
    const { code, out, err } = await server.run(["stamp", "--text", "x", "--no-wait", "--json"]);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `${JSON.stringify({ digest: `0x${sha256("x")}`, ...pending })}\n`,
      err: "",
    });
    expect((await server.run(["stamp", "--text", "x", "--no-wait"])).out).toContain("stamped  not yet: ");
  });

  test("is an error when the node has dropped it meanwhile", async () => {
    using server = new FakeServer(answers([pending, { ...pending, status: "unknown" }]));
    const { code, err } = await server.run(["stamp", "--text", "x"]);
    expect([code, err]).toEqual([1, "error: the node no longer knows it: it may have waited for too long\n"]);
  });

  test("asks without waiting there where too many wait", async () => {
    using server = new FakeServer((method, { waitMs }) => {
      if (method === "find") return { blocks: [] };
      if (method === "stamp") return pending;
      if (method === "getBlockByHeight") return { block };
      return Number(waitMs) > 0 ? new RpcFailure(-32603, "too many waiting") : acceptedReceipt;
    });
    expect((await server.run(["stamp", "--text", "x"])).code).toBe(0);
  });

  test("is shown to a person who watches, and gone at the end", async () => {
    let ms = 0;
    const now = spyOn(performance, "now").mockImplementation(() => (ms += 1_000));
    try {
      using server = new FakeServer(async (method) => {
        if (method === "find") return { blocks: [] };
        if (method === "stamp") return pending;
        if (method === "getBlockByHeight") return { block };
        await Bun.sleep(700);
        return acceptedReceipt;
      });
      const { err } = await server.run(["stamp", "--text", "x"], { isWatched: true });
      const [before, shown, ...rest] = err.split("\r\u001b[K");
      const note = expect.stringMatching(/^note: the block says [^\n]+\nnote: no proof is written: give --output\n$/);
      expect([before, shown, rest.at(-1)]).toEqual(["", expect.stringMatching(/^waiting for a block: \d+ s$/), note]);
    } finally {
      now.mockRestore();
    }
  });

  test("ends with 1 and the node's words when it refuses", async () => {
    using server = new FakeServer((method) =>
      method === "find" ? { blocks: [] } : new RpcFailure(-32603, "mempool full: try again later"),
    );
    const { code, out, err } = await server.run(["stamp", "--text", "x"]);
    expect([code, out, err]).toEqual([1, "", "error: mempool full: try again later\n"]);
  });
});

describe("a stamp that somebody dated back", () => {
  const stolen = apiBlock(1, `0x${sha256("x")}`, { match: "digest" }) as AcceptedBlock;
  const nonce = "000102030405060708090a0b0c0d0e0f";
  const salted = sha256(Uint8Array.fromHex(sha256("x") + nonce));
  const block = apiBlock(9, `0x${salted}`) as AcceptedBlock;
  const receipt = {
    id: `0x${sha256Twice("x")}`,
    status: "accepted",
    block: { ...summaryOf(stolen), claim: "unconfirmed" },
  };
  const waiting = { nonce: `0x${nonce}`, id: `0x${sha256(Uint8Array.fromHex(salted))}`, status: "pending" };
  const accepted = { ...waiting, status: "accepted", block: { ...summaryOf(block), ...confirmed(block) } };

  const blockAt = (height: unknown) => ({ block: height === 9 ? block : stolen });
  const serverWith = (second: object, later: object | Response) =>
    new FakeServer((method, { height }) => {
      if (method === "getStatus") return chain.call("getStatus");
      if (method === "find") return { blocks: [stolen] };
      if (method === "stamp") return { ...receipt, salted: second };
      return method === "getReceipt" ? later : blockAt(height);
    });

  test("is not believed: the data is stamped again with a nonce, which is printed", async () => {
    using server = serverWith(waiting, accepted);
    const { code, out } = await server.run(["stamp", "--text", "x"]);
    const time = "2026-11-21T21:41:51Z";
    expect([code, out]).toEqual([
      0,
      [
        "data     the text, 1 byte",
        `SHA-256  ${sha256("x")}`,
        "time     existed by 2026-11-21T21:42:21Z (seen by this node)",
        `said by  the node at ${server.url}/ext/bc/timestampvm/rpc`,
        `receipt  ${sha256Twice("x")}`,
        `stamped  ${time}  block ${stolen.id}  height 1; not confirmed by this node`,
        `nonce    0x${nonce}: keep this nonce with the file`,
        `receipt  ${waiting.id.slice(2)}`,
        `stamped  ${time}  block ${block.id}  height 9`,
        "Only blocks whose time this node does not confirm carry it: anybody may have put its SHA-256 there.",
        "So it was stamped once more, together with the nonce: without that, nobody can find this stamp.",
        "",
      ].join("\n"),
    ]);
    const { out: json } = await server.run(["stamp", "--text", "x", "--json"]);
    expect(JSON.parse(json)).toEqual({ digest: `0x${sha256("x")}`, ...receipt, salted: accepted });
  });

  test("leaves the nonce where nobody waits, or nobody can", async () => {
    const find = `timestampvm find --digest ${sha256("x")} --nonce 0x${nonce}`;
    using server = serverWith(waiting, waiting);
    const { code, out } = await server.run(["stamp", "--text", "x", "--no-wait"]);
    expect([code, out]).toEqual([0, expect.stringContaining(`nonce    0x${nonce}: keep`)]);
    const late = await server.run(["stamp", "--text", "x", "--timeout", "1"], { clock: new StandingClock() });
    expect([late.code, late.out]).toEqual([3, expect.stringContaining(`nonce    0x${nonce}: keep`)]);
    expect(late.err).toContain(find);
    using failing = serverWith(waiting, new Response("gone", { status: 502 }));
    const { code: failure, err } = await failing.run(["stamp", "--text", "x"]);
    expect([failure, err]).toEqual([1, expect.stringContaining(find)]);
  });

  test("says the nonce as soon as the node has the second stamp, and not only after the wait", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<object>();
    using server = new FakeServer((method, { height }) => {
      if (method === "find") return { blocks: [stolen] };
      if (method === "stamp") return { ...receipt, salted: waiting };
      if (method === "getBlockByHeight") return { block: Number(height) === 9 ? block : stolen };
      asked.resolve();
      return answer.promise;
    });
    const shown: string[] = [];
    const stamping = server.run(["stamp", "--text", "x"], { onErr: (text) => shown.push(text) });
    await asked.promise;
    expect(shown).toEqual([`note: nonce 0x${nonce}: keep it with the file\n`]);
    answer.resolve(accepted);
    expect((await stamping).code).toBe(0);
  });

  test.each<readonly [string, () => object, string]>([
    [
      "drops it",
      () => ({ ...waiting, status: "unknown" }),
      `the node no longer knows it: it may have waited for too long (nonce 0x`,
    ],
    ["goes away", () => new Response("gone", { status: 502 }), "HTTP 502: gone"],
    ["contradicts itself", () => ({ ...accepted, id: receipt.id }), "the server's answer contradicts itself"],
  ])("leaves the nonce of one of several files where the node %s then", async (_how, later, reason) => {
    const path = file("stolen", "x");
    const missing = directory.file("missing");
    using server = serverWith(waiting, later());
    using again = serverWith(waiting, later());
    const { code, out, err } = await server.run(["stamp", "--each", path, missing]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(reason)]);
    expect(err).toStartWith(`note: ${path}: nonce 0x${nonce}: keep it with the file\nerror: ${path}: `);
    const { out: json } = await again.run(["stamp", "--each", path, missing, "--json"]);
    const [failed, other] = json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(failed).toEqual({ file: path, error: expect.stringContaining(reason), nonce: `0x${nonce}` });
    expect(other).toEqual({ file: missing, error: "there is no such file or directory" });
  });

  test.each<readonly [string, object]>([
    ["another nonce", { ...accepted, nonce: `0x${nonce.replace("0", "1")}` }],
    ["a nonce of another length", { ...accepted, nonce: `0x${nonce}00` }],
    ["a second receipt of the data itself", { ...receipt, nonce: `0x${nonce}` }],
    ["a block of something else", { ...accepted, block: summaryOf(apiBlock(8)) }],
  ])("is not answered by %s", async (_name, second) => {
    using server = serverWith(second, accepted);
    const { code, out, err } = await server.run(["stamp", "--text", "x"]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining("the server's answer contradicts itself")]);
  });

  test.each([
    ["confirmed", 30],
    ["false", -61],
  ])("is none where the node knows when: it says %s", async (claim, seconds) => {
    const firstSight = { time: stolen.timestamp + seconds, node: someNode, own: true };
    using server = new FakeServer(() => ({ blocks: [{ ...stolen, claim, firstSight }] }));
    const { code, out } = await server.run(["stamp", "--text", "x"]);
    expect([code, out]).toEqual([0, expect.stringContaining("nothing new was stamped")]);
    expect(server.asked.map(({ method }) => method)).toEqual(["find"]);
  });

  test("may come while ours waits: it is stamped once more, beside that block", async () => {
    let stamps = 0;
    const stampAnswers = [
      { id: receipt.id, status: "pending" },
      { ...receipt, salted: waiting },
    ];
    const answers: Readonly<Record<string, (params: Record<string, unknown>) => unknown>> = {
      find: () => ({ blocks: [] }),
      stamp: () => stampAnswers[stamps++],
      getReceipt: ({ id }) => (id === waiting.id ? accepted : receipt),
      getBlockByHeight: ({ height }) => blockAt(height),
    };
    using server = new FakeServer((method, params) => answers[method]?.(params));
    const { code, out, err } = await server.run(["stamp", "--text", "x", "--json"]);
    expect([code, JSON.parse(out)]).toEqual([0, { digest: `0x${sha256("x")}`, ...receipt, salted: accepted }]);
    expect([stamps, err]).toEqual([2, expect.stringContaining("note: the block says 2026-11-21T21:41:51Z")]);
  });

  test("that comes while ours waits is named also where the node then refuses the second stamp", async () => {
    let stamps = 0;
    using server = new FakeServer((method) => {
      if (method === "find") return { blocks: [] };
      if (method === "getBlockByHeight") return { block: stolen };
      if (method === "getReceipt") return receipt;
      return ++stamps === 1 ? { id: receipt.id, status: "pending" } : new RpcFailure(-32603, "mempool full");
    });
    const { code, out, err } = await server.run(["stamp", "--text", "x"]);
    expect([code, out, err]).toEqual([
      1,
      "",
      expect.stringMatching(/^error: mempool full\nThe stamp was taken before\./),
    ]);
  });

  test("is none where a later block is confirmed, whose receipt it is", async () => {
    const later = apiBlock(9, hexOf("x"), { match: "data", ...confirmed(block) }) as AcceptedBlock;
    using server = new FakeServer(() => ({ blocks: [stolen, later] }));
    const { code, out } = await server.run(["stamp", "--text", "x"]);
    expect([code, out]).toEqual([0, expect.stringContaining("time     existed by 2026-11-21T21:42:21Z (seen by")]);
    expect(out).toContain(`\nreceipt  ${sha256("x")}\nstamped  2026-11-21T21:41:51Z  block ${later.id}  height 9\n`);
    expect(out).toEndWith("nothing new was stamped.\n");
    expect((await server.run(["stamp", "--data", "--text", "x"])).out).toBe(out);
  });

  test("is answered as ever by an older server, which knows no nonce", async () => {
    using server = new FakeServer((method) => {
      if (method === "find") return { blocks: [stolen] };
      return method === "stamp" ? receipt : { block: stolen };
    });
    const { code, out } = await server.run(["stamp", "--text", "x"]);
    expect([code, out]).toEqual([0, expect.stringContaining("nothing new was stamped")]);
  });
});

describe("the clock of who stamps is a witness:", () => {
  const stampAt = async (offsetSeconds: number, options: readonly string[] = []) => {
    const timestamp = Math.floor(Date.now() / 1_000) + offsetSeconds;
    const block = blockOf(`0x${sha256("x")}`, timestamp);
    const id = `0x${sha256Twice("x")}`;
    using server = new FakeServer((method) => {
      if (method === "find") return { blocks: [] };
      if (method === "getBlockByHeight") return { block };
      return { id, status: "accepted", block: summaryOf(block) };
    });
    return { ...(await server.run(["stamp", "--text", "x", ...options])), timestamp };
  };

  test.each([
    [-3_600, "it was asked for at"],
    [3_600, "it was there at"],
  ])("a new block that is %d s off is named", async (offset, words) => {
    for (const options of [[], ["--json"]]) {
      const { code, err, timestamp } = await stampAt(offset, options);
      expect(code).toBe(0);
      expect(err).toContain(`note: the block says ${isoTime(timestamp)}, but by this machine's clock ${words} 20`);
    }
  });

  test("one that is not is not", async () => {
    expect((await stampAt(0)).err).toBe("note: no proof is written: give --output\n");
  });

  test("an old block is of another time by right", async () => {
    const old = apiBlock(9, `0x${sha256("x")}`, { match: "digest" }) as AcceptedBlock;
    using server = new FakeServer(() => ({ blocks: [{ ...old, ...confirmed(old) }] }));
    const { err } = await server.run(["stamp", "--text", "x"]);
    expect(err).toBe("note: no proof is written: give --output\n");
  });
});

describe("find", () => {
  test("prints every block with the data or its SHA-256, the first one first", async () => {
    const text = "found";
    const blocks = await chain.accept([Uint8Array.fromHex(sha256(text)), text, "something else"]);
    const [digest, data] = blocks as [(typeof blocks)[0], (typeof blocks)[0]];
    using server = serverThat((block) => (block.height === data.height ? confirmed(block) : {}), chain);
    const { code, out, err } = await server.run(["find", file("found.txt", text)]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(
      [
        `data           ${directory.file("found.txt")}, 5 bytes`,
        `SHA-256        ${sha256(text)}`,
        `time           existed by ${isoTime(data.timestamp + 30)} (seen by this node)`,
        `said by        the node at ${server.url}/ext/bc/timestampvm/rpc`,
        `first stamped  in the block at height ${digest.height}, which claims ${isoTime(digest.timestamp)}`,
        `${`${digest.height}`.padStart(8)}  ${isoTime(digest.timestamp)}  its SHA-256  ${digest.id}; not confirmed by this node`,
        `${`${data.height}`.padStart(8)}  ${isoTime(data.timestamp)}  data itself  ${data.id}`,
        "",
      ].join("\n"),
    );
    const { blocks: found } = await chain.call("find", { digest: sha256(text) });
    const { out: json } = await chain.run(["find", "--digest", sha256(text), "--json"]);
    expect(json).toBe(found.map((block: object) => `${JSON.stringify(block)}\n`).join(""));
  });

  test("says that a time is only claimed where the node has not seen it itself", async () => {
    const [block] = (await chain.accept(["claimed"])) as [AcceptedBlock];
    const other = { claim: "unconfirmed", firstSight: { time: 1, node: someNode, own: false } };
    using server = serverThat(() => other, chain);
    const { out } = await server.run(["find", "--text", "claimed"]);
    expect(out).toContain(`\ntime           claimed ${isoTime(block.timestamp)}, not confirmed here\n`);
    expect(out).toEndWith(`; not confirmed by this node; ${someNode} says: seen 1970-01-01T00:00:01Z\n`);
  });

  test("names the SHA-256 of the data, and what it is with the nonce", async () => {
    const nonce = "000102030405060708090a0b0c0d0e0f";
    const salted = sha256(Uint8Array.fromHex(sha256("salted") + nonce));
    await chain.accept([Uint8Array.fromHex(salted)]);
    const { code, out } = await chain.run(["find", "--text", "salted", "--nonce", nonce]);
    expect([code, out]).toEqual([0, expect.stringContaining(`\nSHA-256        ${sha256("salted")}\n`)]);
    expect(out).toContain(`\nwith nonce     ${salted}\n`);
    for (const command of ["find", "proof"]) {
      const { code, err } = await chain.run([command, "a", "b", "--nonce", nonce]);
      expect([code, err]).toEqual([2, expect.stringContaining("--nonce is that of one file")]);
    }
  });

  test("sends nothing but the SHA-256", async () => {
    using server = new FakeServer(() => ({ blocks: [] }));
    await server.run(["find", "--text", "a secret"]);
    expect(server.asked).toEqual([{ method: "find", params: { digest: sha256("a secret"), from: 0, limit: 100 } }]);
  });

  test("is exit 1 where there is nothing", async () => {
    const { code, out, err } = await chain.run(["find", "--text", "never stamped"]);
    expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^error: not found: .*\n$/)]);
    expect(err).toContain(sha256("never stamped"));
  });

  test("goes through all pages", async () => {
    using server = new FakeServer((_method, { from }) => ({
      blocks: [apiBlock(Number(from) + 1, hexOf("x"), { match: "data" })],
      ...(Number(from) < 20 && { next: Number(from) + 10 }),
    }));
    const { out } = await server.run(["find", "--text", "x", "--json"]);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).height),
    ).toEqual([1, 11, 21]);
  });

  test.each<readonly [string, (from: number) => object]>([
    ["the same page", () => ({ blocks: [], next: 0 })],
    ["empty pages", (from) => ({ blocks: [], next: from + 1 })],
    ["a block twice", () => ({ blocks: [apiBlock(1, hexOf("x"), { match: "data" })], next: 1 })],
  ])("does not go on for ever with %s", async (_name, page) => {
    using server = new FakeServer((_method, { from }) => page(Number(from)));
    const { code, err } = await server.run(["find", "--text", "x"]);
    expect([code, err]).toEqual([1, expect.stringContaining("the server's answer contradicts itself")]);
    expect(server.asked).toHaveLength(1);
  });
});

describe("a server that lies is not believed:", () => {
  const stamped = apiBlock(9, `0x${sha256("x")}`) as AcceptedBlock;
  const in1999 = { timestamp: 915_148_800 };
  const receipt = { id: `0x${sha256Twice("x")}`, status: "accepted", block: summaryOf(stamped) };
  const sightAt = (time: number) => ({ claim: "unconfirmed", firstSight: { time, node: someNode, own: true } });
  const seen = (time: number) => ({ ...receipt, block: { ...receipt.block, ...sightAt(time) } });
  const find = (block: object) => (method: string) =>
    method === "find" ? { blocks: [block] } : new RpcFailure(-32601, "no such method");
  const stamp = (given: object, block: object) => (method: string) => {
    if (method === "find") return { blocks: [] };
    return method === "getBlockByHeight" ? { block } : given;
  };

  test.each<readonly [string, readonly string[], (method: string) => unknown]>([
    ["other data, from 1999", ["find"], find(apiBlock(9, "0x00", { match: "digest", ...in1999 }))],
    ["other data", ["find"], find(apiBlock(9, "0x00", { match: "digest" }))],
    ["another time than the block's", ["find"], find({ ...stamped, match: "digest", ...in1999 })],
    ["data where there is its SHA-256", ["find", "--json"], find({ ...stamped, match: "data" })],
    ["an id that is none", ["find", "--json"], find({ ...stamped, match: "digest", id: "block" })],
    ["a parent that is none", ["find"], find({ ...stamped, match: "digest", parentId: "block" })],
    ["a block that it saw in 1970", ["find"], find({ ...stamped, match: "digest", ...sightAt(1) })],
    ["a block that it saw before 1970", ["find"], find({ ...stamped, match: "digest", ...sightAt(-(10 ** 15)) })],
    ["a receipt from before 1970", ["stamp"], stamp(seen(-(10 ** 15)), stamped)],
    ["a receipt of a block that it saw in 1970", ["stamp"], stamp(seen(1), stamped)],
    ["what was stamped before", ["stamp"], find(apiBlock(9, "0x00", { match: "digest", ...in1999 }))],
    ["a receipt of something else", ["stamp"], stamp({ ...receipt, id: `0x${sha256("y")}` }, stamped)],
    ["a receipt from 1999", ["stamp"], stamp({ ...receipt, block: { ...receipt.block, ...in1999 } }, stamped)],
    [
      "a receipt of a block of something else",
      ["stamp"],
      stamp({ ...receipt, block: summaryOf(apiBlock(9)) }, apiBlock(9)),
    ],
    ["a receipt of a block that it does not have", ["stamp", "--json"], stamp(receipt, apiBlock(9))],
    ["a receipt without a block", ["stamp", "--json"], stamp({ id: receipt.id, status: "accepted" }, stamped)],
  ])("%s", async (_name, words, answer) => {
    using server = new FakeServer(answer);
    const { code, out, err } = await server.run([...words, "--text", "x"]);
    expect([code, err]).toEqual([1, expect.stringContaining("the server's answer contradicts itself")]);
    expect(out).toMatch(/^(\{"error":"[^"]*"\}\n)?$/);
  });
});

function summaryOf({ id, height, timestamp }: Partial<AcceptedBlock>): object {
  return { id, height, timestamp };
}

describe("a file that cannot be read is exit 1, with its name:", () => {
  test.each(["stamp", "find", "proof"])("%s", async (command) => {
    const missing = directory.file("missing");
    expect(await chain.run([command, missing])).toMatchObject({
      code: 1,
      out: "",
      err: `error: ${missing}: there is no such file or directory\n`,
    });
    const folder = directory.path;
    expect(await chain.run([command, folder])).toMatchObject({ code: 1, err: `error: ${folder}: it is a directory\n` });
  });
});
