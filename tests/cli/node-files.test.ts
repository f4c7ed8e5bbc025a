import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  apiBlock,
  closedPort,
  confirmed,
  FakeServer,
  isoTime,
  RpcFailure,
  run,
  StandingClock,
  serverThat,
  sha256,
  sha256Twice,
  TestChain,
} from "./node-support.ts";

// One command for several files: each is answered for, whatever becomes of the others.

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

/** Makes files whose content is their name. */
function files(...names: readonly string[]): readonly string[] {
  for (const name of names) writeFileSync(directory.file(name), name);
  return names.map((name) => directory.file(name));
}

async function blockWith(text: string) {
  return (await chain.call("find", { digest: sha256(text) })).blocks[0];
}

const pendingOf = (digest: unknown) => ({
  id: `0x${sha256(Uint8Array.fromHex(String(digest).replace("0x", "")))}`,
  status: "pending",
});

describe("stamp", () => {
  test("stamps every file, and prints a line for each, in their order", async () => {
    const paths = files("s1", "s2", "s3");
    using server = serverThat(confirmed, chain);
    const { code, out, err } = await server.run(["stamp", "--each", ...paths]);
    expect([code, err]).toEqual([0, ""]);
    const lines = await Promise.all(
      ["s1", "s2", "s3"].map(async (name) => {
        const { height, timestamp } = await blockWith(name);
        return `existed by ${isoTime(timestamp + 30)} (seen by this node)  height ${height}  ${directory.file(name)}\n`;
      }),
    );
    expect(out).toBe(lines.join(""));
  });

  test("lets no bad file keep the others, and exits with 1", async () => {
    const [first = "", last = ""] = files("good", "good too");
    const missing = directory.file("missing");
    const { code, out, err } = await chain.run(["stamp", "--each", first, missing, directory.path, last]);
    expect([code, out.split("\n").map((line) => line.split("  ").at(-1))]).toEqual([1, [first, last, ""]]);
    expect(err).toBe(
      `error: ${missing}: there is no such file or directory\n` +
        `error: ${directory.path}: it is a directory\nerror: 2 of 4 files failed\n`,
    );
    for (const name of ["good", "good too"]) expect(await blockWith(name)).toBeDefined();
  });

  test("for programs is an object for each file, with its name as it was given", async () => {
    const [path = ""] = files("json");
    const missing = directory.file("missing");
    const { code, out } = await chain.run(["stamp", "--each", "--json", path, missing, "-"], { stdin: path });
    const { id, height, timestamp } = await blockWith("json");
    const stamped = { digest: `0x${sha256("json")}`, id: `0x${sha256Twice("json")}`, status: "accepted" };
    expect([
      code,
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ]).toMatchObject([
      1,
      [
        { file: path, ...stamped, block: { id, height, timestamp } },
        { file: missing, error: "there is no such file or directory" },
        { file: "-", ...stamped },
      ],
    ]);
  });

  test("takes the data itself, too", async () => {
    const paths = files("whole", "data");
    expect((await chain.run(["stamp", "--each", "--data", ...paths])).code).toBe(0);
    expect((await blockWith("data")).data).toBe(`0x${Buffer.from("data").toString("hex")}`);
  });

  test("exits with 3 where none has failed, and some wait", async () => {
    const paths = files("w1", "w2");
    using server = new FakeServer((method, { digest }) => {
      if (method === "getStatus") return chain.call("getStatus");
      return method === "find" ? { blocks: [] } : pendingOf(digest);
    });
    const { code, out, err } = await server.run(["stamp", "--each", ...paths, "--timeout", "0"], {
      clock: new StandingClock(),
    });
    expect([code, out]).toEqual([
      3,
      paths.map((path) => `not yet: it is on the node's disk, and waits for a block  ${path}\n`).join(""),
    ]);
    expect(err).toContain("2 of 2 files not accepted in time. The node keeps them");
    const missing = directory.file("missing");
    const failed = await server.run(["stamp", "--each", ...paths, missing, "--timeout", "0"], {
      clock: new StandingClock(),
    });
    expect(failed.code).toBe(1);
    expect((await server.run(["stamp", "--each", ...paths, "--no-wait"])).code).toBe(0);
  });

  test("sends 16 files at the same time, and no more", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
    const all = Promise.withResolvers<void>();
    let waiting = 0;
    let most = 0;
    using server = new FakeServer(async (method, { digest }) => {
      if (method === "find") return { blocks: [] };
      most = Math.max(most, ++waiting);
      if (waiting === 16) all.resolve();
      await all.promise;
      waiting--;
      return pendingOf(digest);
    });
    const { code, out } = await server.run(["stamp", "--each", "--no-wait", ...files(...names)]);
    expect([code, out.trimEnd().split("\n").length, most]).toEqual([0, 40, 16]);
  });

  test("says once what to try where nothing is there", async () => {
    const url = `127.0.0.1:${closedPort()}`;
    const { code, out, err } = await run(["stamp", "--each", ...files("u1", "u2"), "--url", url]);
    expect([code, out]).toEqual([1, ""]);
    expect(err.match(/cannot reach/g)).toHaveLength(2);
    expect(err.match(/`timestampvm dev`/g)).toHaveLength(1);
    expect(err).toContain("error: 2 of 2 files failed\nNothing is there");
  });

  test("ends with the words of the node for each that it refuses", async () => {
    using server = new FakeServer((method) => {
      if (method === "getStatus") return chain.call("getStatus");
      return method === "find" ? { blocks: [] } : new RpcFailure(-32603, "mempool full\nstamped  1999");
    });
    const [path = "", other = ""] = files("refused", "refused too");
    const { code, out, err } = await server.run(["stamp", "--each", path, other]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`error: ${path}: mempool full\\u000astamped  1999\n`);
  });

  test("names a file in one line that a terminal only shows", async () => {
    const paths = files("\u001b[2J\nstamped  1999", "plain");
    const { out } = await chain.run(["stamp", "--each", ...paths]);
    expect(out).toContain("\\u001b[2J\\u000astamped  1999\n");
    expect(out).not.toContain("\nstamped");
  });

  test("shows a person how many are done", async () => {
    const names = Array.from({ length: 4 }, (_, i) => `p${i}`);
    const { err } = await chain.run(["stamp", "--each", ...files(...names)], { isWatched: true });
    for (const shown of err.split("\r\u001b[K")) expect(shown).toMatch(/^$|^\d of 4 files$/);
  });
});

describe("find", () => {
  test("of one file that fails prints why for programs too", async () => {
    const [never = ""] = files("never");
    const { code, out, err } = await chain.run(["find", "--json", never]);
    const error = `not found: no accepted block carries ${sha256("never")}, or data of this SHA-256`;
    expect([code, JSON.parse(out), err]).toEqual([1, { error }, `error: ${error}\n`]);
  });

  test("prints a line for each file, and exits with 1 where one was never stamped", async () => {
    const [stamped = "", never = ""] = files("stamped", "never");
    await chain.run(["stamp", stamped]);
    using server = serverThat(() => ({}), chain);
    const { code, out, err } = await server.run(["find", stamped, never]);
    const { height, timestamp } = await blockWith("stamped");
    expect([code, out]).toEqual([
      1,
      `claimed ${isoTime(timestamp)}, not confirmed here  height ${height}  ${stamped}\n`,
    ]);
    expect(err).toBe(
      `error: ${never}: not found: no accepted block carries ${sha256("never")}, or data of this SHA-256\n` +
        "error: 1 of 2 files failed\n",
    );
    const { out: json } = await server.run(["find", "--json", stamped, never]);
    expect(
      json
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { file: stamped, ...(await blockWith("stamped")), claim: undefined, firstSight: undefined },
      { file: never, error: expect.stringContaining("not found") },
    ]);
  });

  test("names the file in each of several blocks that carry it", async () => {
    const [twice = "", other = ""] = files("twice", "other");
    const blocks = [1, 3].map((height) => apiBlock(height, `0x${sha256("twice")}`, { match: "digest" }));
    using server = new FakeServer((_method, { digest }) => ({ blocks: digest === sha256("twice") ? blocks : [] }));
    const { out } = await server.run(["find", "--json", twice, other]);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ file, height }) => [file, height])).toEqual([
      [twice, 1],
      [twice, 3],
      [other, undefined],
    ]);
  });
});

describe("proof", () => {
  const heightIn = (path: string) => JSON.parse(readFileSync(path, "utf8")).height;

  test("writes a proof beside each file", async () => {
    const paths = files("q1", "q2");
    await chain.run(["stamp", "--each", ...paths]);
    const { code, out, err } = await chain.run(["proof", ...paths]);
    expect([code, err]).toEqual([0, ""]);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.split(", ")[0]),
    ).toEqual(paths.map((path) => `${path}.proof.json`));
    for (const name of ["q1", "q2"]) {
      const path = directory.file(name);
      expect(heightIn(`${path}.proof.json`)).toBe((await blockWith(name)).height);
      expect((await run(["check-proof", `${path}.proof.json`, "--file", path])).out).toContain("carries its SHA-256");
    }
  });

  test.each([
    ["with a slash behind it", "/"],
    ["that is there", ""],
  ])("writes them into a directory %s", async (_name, slash) => {
    const target = directory.file(`into${slash.length}`);
    mkdirSync(target);
    const paths = files("d1", "d2");
    await chain.run(["stamp", "--each", ...paths]);
    const { code, out } = await chain.run(["proof", ...paths, "--json", "--output", `${target}${slash}`]);
    expect([code, readdirSync(target).toSorted()]).toEqual([0, ["d1.proof.json", "d2.proof.json"]]);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject(
      ["d1", "d2"].map((name) => ({ file: directory.file(name), proof: `${target}/${name}.proof.json`, version: 1 })),
    );
  });

  test("for programs has the number of blocks, and a note where that is one", async () => {
    const paths = files("n1", "n2");
    await chain.run(["stamp", "--each", ...paths]);
    const { out, err } = await chain.run(["proof", ...paths, "--json", "--to", "latest"]);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const last = (await chain.call("getStatus")).lastAccepted.height;
    const blocks = lines.map(({ height }) => last - height + 1);
    expect(lines.map((line) => line.blocks)).toEqual(blocks);
    const alone = paths.filter((_path, i) => blocks[i] === 1);
    expect(err).toBe(
      alone
        .map((path) => `note: ${path}: It is one block that leads to itself: it proves nothing yet. ${again}\n`)
        .join(""),
    );
    expect(alone).not.toBeEmpty();
  });
  const again = "Make it again when there is a later block.";

  test("writes one into a directory that is named with a slash", async () => {
    mkdirSync(directory.file("single"));
    const [path = ""] = files("alone");
    await chain.run(["stamp", path]);
    expect((await chain.run(["proof", path, "--output", directory.file("single/")])).code).toBe(0);
    expect(readdirSync(directory.file("single"))).toEqual(["alone.proof.json"]);
  });

  test("writes over nothing, and lets no bad file keep the others", async () => {
    const [kept = "", never = "", good = ""] = files("kept", "never stamped", "good one");
    await chain.run(["stamp", "--each", kept, good]);
    writeFileSync(`${kept}.proof.json`, "precious");
    const { code, err } = await chain.run(["proof", kept, never, "-", good]);
    expect([code, readFileSync(`${kept}.proof.json`, "utf8")]).toEqual([1, "precious"]);
    expect(err).toContain(`error: ${kept}: ${kept}.proof.json: there is such a file already\n`);
    expect(err).toContain(`error: ${never}: not found: `);
    expect(err).toContain("error: -: standard input has no name: prove it alone, with --output\n");
    expect(err).toEndWith("error: 3 of 4 files failed\n");
    expect(heightIn(`${good}.proof.json`)).toBe((await blockWith("good one")).height);
  });

  test("names no proof after a file whose name is not UTF-8", async () => {
    const [good = ""] = files("utf8");
    await chain.run(["stamp", good]);
    writeFileSync(Buffer.concat([Buffer.from(directory.file("caf")), Buffer.of(0xe9)]), "latin");
    const { code, err } = await chain.run(["proof", `${directory.path}/caf\udce9`, good]);
    expect([code, err]).toEqual([1, expect.stringContaining("its name is not UTF-8: prove it alone, with --output\n")]);
    expect(readdirSync(directory.path).filter((name) => name.startsWith("caf"))).toHaveLength(1);
  });

  test("asks nothing where two proofs would have one name", async () => {
    using server = new FakeServer(() => ({}));
    const { code, err } = await server.run(["proof", "x/a", "y/a", "--output", `${directory.path}/`]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`two proofs would have the name ${directory.path}/a.proof.json`),
    ]);
    expect(server.asked).toEqual([]);
  });
});
