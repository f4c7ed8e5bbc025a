import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { attestBlock, leadTo, type StampedBlock } from "../../src/proof/index.ts";
import { closedPort, FakeServer, isoTime, run, sha256, TestChain } from "./node-support.ts";
import {
  append,
  byBlock,
  bytesOf,
  hash,
  otsOf,
  ProofFolder,
  promised,
  readIf,
  saying,
  stampedAt,
} from "./ots-support.ts";

const digest = sha256("report");
const root = sha256(Buffer.concat([bytesOf(digest), Buffer.alloc(16)]));
const salted = [append("00".repeat(16)), hash];

let chain: TestChain;
/** Blocks with the SHA-256 of "report", the root of a tree, and large data. */
let direct: StampedBlock;
let tree: StampedBlock;
let folder: ProofFolder;

beforeAll(async () => {
  chain = await TestChain.start();
  folder = new ProofFolder();
  await chain.accept([bytesOf(digest), bytesOf(root), "x".repeat(5_000)]);
  [direct, tree] = [await stampedAt(1, chain), await stampedAt(2, chain)];
});
afterAll(() => {
  chain[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** A chain that began like `chain` and lost all that followed, as in a power cut. Then it accepted this data. */
async function restartedChain(...data: readonly (string | Uint8Array)[]): Promise<TestChain> {
  const restarted = await TestChain.start();
  await restarted.accept(data);
  expect(restarted.genesisId).toBe(chain.genesisId);
  return restarted;
}

/** Answers like a chain, and counts the questions. */
const watching = (watched: TestChain) => new FakeServer((method, params) => watched.call(method, params));

async function expectUntouched(path: string, code: number, problem: string, url = chain.url): Promise<void> {
  const before = readIf(path);
  const ran = await run(["upgrade", path, "--url", url]);
  expect([ran.code, ran.out + ran.err]).toEqual([code, expect.stringContaining(problem)]);
  expect([readIf(path), readIf(`${path}.bak`)]).toEqual([before, undefined]);
}

describe("a proof by calendars alone", () => {
  test.each([
    ["a folder", (backup: string) => mkdirSync(backup)],
    ["a link to nothing", (backup: string) => symlinkSync("nothing", backup)],
  ])("stays as it is if %s is where it would be kept", async (kind, occupy) => {
    const path = folder.write(`occupied by ${kind}`, "report", promised());
    occupy(`${path}.bak`);
    const before = readIf(path);
    const { code } = await chain.run(["upgrade", path]);
    expect([code, readIf(path)]).toEqual([1, before]);
  });

  test("gets the block that carries the file's SHA-256, and keeps what it was", async () => {
    const path = folder.write("direct", "report", promised());
    const { code, out, err } = await chain.run(["upgrade", path]);
    const [{ firstSight }] = (await chain.call("find", { digest })).blocks;
    const time = `existed by ${isoTime(firstSight.time)} (seen by this node)`;
    expect([code, out, err]).toEqual([0, `added  ${time}  height 1  ${path}\n`, ""]);
    expect(readIf(path)).toEqual(otsOf("report", promised(), byBlock(digest, direct)));
    expect(readIf(`${path}.bak`)).toEqual(otsOf("report", promised()));
  });

  test("gets the block of a tree that the file is in", async () => {
    using lonely = await restartedChain(bytesOf(root));
    const path = folder.write("tree", "report", leadTo(promised(), salted));
    expect((await lonely.run(["upgrade", path])).code).toBe(0);
    const whole = leadTo(byBlock(root, await stampedAt(1, lonely)), salted);
    expect(readIf(path)).toEqual(otsOf("report", leadTo(promised(), salted), whole));
  });

  test("gets every block that carries one of its messages", async () => {
    const path = folder.write("both", "report", leadTo(promised(), salted));
    const { out } = await chain.run(["upgrade", path]);
    expect(out).toContain("  height 1, 2  ");
    const whole = [byBlock(digest, direct), leadTo(byBlock(root, tree), salted)];
    expect(readIf(path)).toEqual(otsOf("report", leadTo(promised(), salted), ...whole));
  });

  test("then holds without a node", async () => {
    const path = folder.write("holds", "report", promised());
    await chain.run(["upgrade", path]);
    const { code } = await run(["verify", path, "--digest", digest, "--to", direct.block.id, "--offline"]);
    expect(code).toBe(0);
  });

  test("stays as it is where the chain has nothing, with exit code 3", async () => {
    const path = folder.write("never", "never stamped", promised());
    await expectUntouched(path, 3, "no block of the chain carries what it is about");
  });

  test("stays as it is where no .ots file can hold the block", async () => {
    const path = folder.write("large", "x".repeat(5_000), promised());
    await expectUntouched(path, 1, "is larger than the 8");
  });

  test("asks only the node, and that for 64 messages at most, each once", async () => {
    using server = watching(chain);
    using unasked = new FakeServer(() => ({}));
    const end = saying({ kind: "pending", uri: `${unasked.url}/` });
    const long = leadTo(
      end,
      Array.from({ length: 100 }, () => hash),
    );
    const path = folder.write("long", "long", long, leadTo(end, [hash, append("00")]));
    expect((await server.run(["upgrade", path])).code).toBe(3);
    const digests = server.asked.filter(({ method }) => method === "find").map(({ params }) => params.digest);
    expect([digests.length, new Set(digests).size, digests[0], unasked.asked]).toEqual([64, 64, sha256("long"), []]);
  });

  test("keeps a .bak that is older", async () => {
    const path = folder.write("older", "report", promised());
    writeFileSync(`${path}.bak`, "the first");
    expect((await chain.run(["upgrade", path])).code).toBe(0);
    expect(readIf(`${path}.bak`)?.toString()).toBe("the first");
  });
});

describe("a proof by a block", () => {
  test("stays as it is if the node has the block, and nothing is looked up", async () => {
    const path = folder.write("known", "report", byBlock(digest, direct));
    await expectUntouched(path, 0, "unchanged  existed by ");
    using server = watching(chain);
    await server.run(["upgrade", path]);
    expect(server.asked.map(({ method }) => method)).not.toContain("find");
  });

  test("gets another one where a power cut put the same data", async () => {
    using restarted = await restartedChain("something else", bytesOf(digest));
    const path = folder.write("cut", "report", promised(), byBlock(digest, direct));
    const { code, out } = await restarted.run(["upgrade", path]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^replaced {2}existed by .* {2}height 2 {2}instead of 1, /)]);
    const now = await stampedAt(2, restarted);
    expect(now.block.id).not.toBe(direct.block.id);
    expect(readIf(path)).toEqual(otsOf("report", promised(), byBlock(digest, now)));
    expect(readIf(`${path}.bak`)).toEqual(otsOf("report", promised(), byBlock(digest, direct)));
  });

  test("keeps a block that is not there, as long as its data is nowhere else", async () => {
    using restarted = await restartedChain("something else");
    const path = folder.write("lost", "report", byBlock(digest, direct));
    await expectUntouched(path, 3, "the chain has another block at height 1, and none with this data", restarted.url);
  });

  test("keeps a block that the node may get later", async () => {
    using restarted = await restartedChain();
    const path = folder.write("behind", "report", byBlock(digest, direct));
    await expectUntouched(path, 3, "The node is at height 0, and the proof ends at 1. Ask again later.", restarted.url);
  });

  test("keeps a block of another chain, also where the node has its data", async () => {
    using other = await TestChain.start(0, '{"data":"another first"}');
    await other.accept(["something else", bytesOf(digest)]);
    const path = folder.write("other", "report", byBlock(digest, direct));
    const problem = `its block is of chain ${chain.genesisId}, and the node serves chain ${other.genesisId}: it stays`;
    await expectUntouched(path, 1, problem, other.url);
  });

  test("keeps a block of the same chain id in another network", async () => {
    using restarted = await restartedChain("something else", bytesOf(digest));
    const path = folder.write("network", "report", byBlock(digest, { ...direct, network: 5n }));
    await expectUntouched(path, 1, `its block is of chain ${chain.genesisId}, network 5, `, restarted.url);
  });

  test("loses none of several, and gets no other than for the one that is lost", async () => {
    using restarted = await restartedChain(bytesOf(root), bytesOf(digest));
    const known = leadTo(byBlock(root, await stampedAt(1, restarted)), salted);
    const path = folder.write("several", "report", known, byBlock(digest, direct));
    expect((await restarted.run(["upgrade", path])).code).toBe(0);
    expect(readIf(path)).toEqual(otsOf("report", known, byBlock(digest, await stampedAt(2, restarted))));
  });

  test("that proves nothing counts for none", async () => {
    const unsound = saying(attestBlock(tree));
    const path = folder.write("unsound", "report", leadTo(unsound, [hash]));
    expect((await chain.run(["upgrade", path])).out).toStartWith("added  ");
    expect(readIf(path)).toEqual(otsOf("report", leadTo(unsound, [hash]), byBlock(digest, direct)));
  });
});

describe("a node", () => {
  test("that is not at work yet changes nothing", async () => {
    using server = new FakeServer(async (method) => ({ ...(await chain.call(method, {})), state: "bootstrapping" }));
    const path = folder.write("starting", "report", promised());
    await expectUntouched(path, 1, "the node is bootstrapping, and not at work yet", server.url);
  });

  test("that is not there is said to be none", async () => {
    const path = folder.write("nobody", "report", promised());
    await expectUntouched(path, 1, "cannot reach", `http://127.0.0.1:${closedPort()}`);
  });
});

describe("several proofs", () => {
  test("have a line each, whatever becomes of the others", async () => {
    const [good, never] = [folder.write("s1", "report", promised()), folder.write("s2", "never", promised())];
    const known = folder.write("s3", "report", byBlock(digest, direct));
    const waiting = await chain.run(["upgrade", good, never, known]);
    const states = waiting.out.split("\n").map((line) => [line.split("  ")[0], line.split("  ").at(-1)]);
    expect([waiting.code, states]).toEqual([
      3,
      [
        ["added", good],
        ["unchanged", never],
        ["unchanged", known],
        ["", ""],
      ],
    ]);
    expect(waiting.err).toBe("error: 1 of 3 files have no block of the chain, and stay as they are\n");
    const missing = folder.file("missing.ots");
    const failed = await chain.run(["upgrade", missing, good]);
    expect([failed.code, failed.out]).toEqual([1, expect.stringContaining(good)]);
    expect(failed.err).toBe(`error: ${missing}: there is no such file or directory\nerror: 1 of 2 files failed\n`);
  });

  test("are objects for programs", async () => {
    using restarted = await restartedChain("something else", bytesOf(digest));
    const cut = folder.write("j1", "report", byBlock(digest, direct));
    const never = folder.write("j2", "never", promised());
    const { out } = await restarted.run(["upgrade", "--json", cut, never]);
    const { id, height, timestamp, firstSight } = (await restarted.call("getBlockByHeight", { height: 2 })).block;
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        file: cut,
        state: "replaced",
        blocks: [{ id, height, timestamp, firstSight }],
        replaced: [{ id: direct.block.id, height: 1, timestamp: Number(direct.block.timestamp) }],
      },
      { file: never, state: "unproven", problem: "no block of the chain carries what it is about" },
    ]);
  });

  test("are files, and not standard input", async () => {
    const { code, err } = await chain.run(["upgrade", "-"]);
    expect([code, err]).toEqual([2, expect.stringContaining("standard input cannot be replaced: give a file")]);
  });
});
