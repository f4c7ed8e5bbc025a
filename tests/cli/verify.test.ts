import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Ajv from "ajv";
import { parseId } from "../../src/avalanche/id.ts";
import { AskedNode } from "../../src/cli/ots/asked-node.ts";
import { findAnchor, type Trust } from "../../src/cli/ots/find-anchor.ts";
import { createOutput, type Output } from "../../src/cli/terminal/output.ts";
import { createClient } from "../../src/client/client.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import {
  type Attestation,
  attestBlock,
  createTimestamp,
  leadTo,
  mergeTimestamps,
  type Op,
  type StampedBlock,
  type Timestamp,
  timestampByBlock,
  writeOts,
} from "../../src/proof/index.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  type AcceptedBlock,
  closedPort,
  confirmed,
  isoTime,
  type RanWithBytes,
  run,
  type Surroundings,
  serverThat,
  sha256,
  TestChain,
} from "./node-support.ts";

let chain: TestChain;
let accepted: readonly AcceptedBlock[];
let stamped: StampedBlock;
let directory: ReturnType<typeof temporaryDirectory>;
const validate = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync(`${import.meta.dir}/../../docs/verify.schema.json`, "utf8")),
);
const pendingUri = "https://calendar.example.org";
const otherChain = "2JVSBoinj9C2J33VntvzYtVJNZdN2NKiwwKjcumHUWEb5DbBrm";

beforeAll(async () => {
  chain = await TestChain.start();
  directory = temporaryDirectory();
  accepted = await chain.accept([Uint8Array.fromHex(sha256("report")), "second", "third"]);
  stamped = { network: 0n, chain: parseId(chain.genesisId), block: await blockAt(1) };
});
afterAll(() => {
  chain[Symbol.dispose]();
  directory[Symbol.dispose]();
});

function at(height: number): AcceptedBlock {
  return accepted[height - 1] as AcceptedBlock;
}

/** The bytes that the chain has of a block, without the code under test. */
async function blockAt(height: number): Promise<Block> {
  const { proof } = await chain.call("getProof", { id: at(height).id, to: at(height).id });
  return parseBlock(Uint8Array.fromHex(proof.blocks[0].slice(2)));
}

/** A folder of its own for each test. */
function folder(): string {
  const path = directory.file(`f${folders++}`);
  mkdirSync(path);
  return path;
}
let folders = 0;

function otsOf(digest: string, timestamp: Timestamp, hash: "sha256" | "sha1" = "sha256"): Uint8Array {
  return writeOts({ hash, digest: Uint8Array.fromHex(digest), timestamp });
}

function byBlock(message: string, by: StampedBlock = stamped): Timestamp {
  const timestamp = timestampByBlock(Uint8Array.fromHex(message), by);
  if (timestamp === undefined) throw new Error("the block carries something else");
  return timestamp;
}

function attested(...attestations: readonly Attestation[]): Timestamp {
  return createTimestamp(attestations, []);
}

const pending = attested({ kind: "pending", uri: pendingUri });
const hash: Op = { kind: "sha256" };

/** `report` with its proof, or another one, beside it. */
function report(ots = otsOf(sha256("report"), byBlock(sha256("report")))): {
  readonly proof: string;
  readonly file: string;
} {
  const file = `${folder()}/report.txt`;
  writeFileSync(file, "report");
  writeFileSync(`${file}.ots`, ots);
  return { proof: `${file}.ots`, file };
}

/** Asks nobody unless a test says so. */
const verify = (args: readonly string[], more: Surroundings = {}) => run(["verify", ...args], more);

async function verifyAsJson(
  args: readonly string[],
  more?: Surroundings,
): Promise<RanWithBytes & { readonly value: object }> {
  const ran = await verify([...args, "--json"], more);
  const value = JSON.parse(ran.out);
  expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  return { ...ran, value };
}

describe("verify holds", () => {
  test("by the word of a node, and says since when", async () => {
    const { proof, file } = report();
    using node = serverThat(confirmed, chain);
    const { code, out, err } = await verify([proof, "--url", node.url]);
    expect([code, err]).toEqual([0, ""]);
    const lines = out.split("\n");
    expect(lines[0]).toBe("holds, by the word of a node");
    expect(lines).toContain(`compared      ${file}, 6 bytes`);
    expect(lines).toContain(`SHA-256       ${sha256("report")}`);
    expect(lines).toContain(`block         ${at(1).id}  height 1`);
    expect(lines).toContain(`claimed time  ${isoTime(at(1).timestamp)}`);
    expect(lines).toContain(`existed by    ${isoTime(at(1).timestamp + 30)}, by the clock of that node`);
    expect(out).toContain("It is a development chain");
  });

  test("by the node of the environment", async () => {
    const { code, out } = await chain.run(["verify", report().proof]);
    expect([code, out]).toEqual([0, expect.stringContaining("holds, by the word of a node")]);
  });

  test("by the id of its block, and then asks nobody", async () => {
    const { proof } = report();
    const { code, out, err } = await verify([proof, "--to", at(1).id, "--url", `127.0.0.1:${closedPort()}`]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toStartWith("holds: it ends in the block that you named\n");
    expect(out).toContain("by the day on which you have its id.");
  });

  test("by the id of a later block: blocks from a proof, or from a node that need not be believed", async () => {
    const { proof } = report();
    const path = `${folder()}/path.json`;
    writeFileSync(path, JSON.stringify((await chain.call("getProof", { id: at(1).id, to: at(3).id })).proof));
    const offline = await verify([proof, "--to", at(3).id, "--proof", path]);
    const byNode = await verify([proof, "--to", at(3).id, "--url", chain.rpc]);
    for (const { code, out, err } of [offline, byNode]) {
      expect([code, err]).toEqual([0, ""]);
      expect(out).toContain(`\nup to               ${at(3).id}  height 3, 3 blocks\n`);
      expect(out).toContain(`So the data existed before block ${at(3).id}\nwas made`);
    }
  });

  test("for a renamed file in a folder, and for a digest", async () => {
    const { proof, file } = report();
    const { proof: alone, file: gone } = report();
    rmSync(gone);
    mkdirSync(`${file}.d/deep`, { recursive: true });
    renameSync(file, `${file}.d/deep/other name`);
    const to = ["--to", at(1).id];
    expect((await verify([proof, "--in", `${file}.d`, ...to])).code).toBe(3);
    for (const where of [
      ["--in", `${file}.d/deep`],
      ["--in", `${file}.d`, "--recursive"],
      ["--file", `${file}.d/deep/other name`],
    ]) {
      const { value, code } = await verifyAsJson([proof, ...where, ...to]);
      expect([code, value]).toMatchObject([0, { compared: "file", original: `${file}.d/deep/other name` }]);
    }
    const { value, code } = await verifyAsJson([alone, "--digest", sha256("report"), ...to]);
    expect([code, value]).toMatchObject([0, { verdict: "holds", compared: "digest" }]);
  });

  test("for a file in a folder, of which another part cannot be read: that is said", async () => {
    const { proof, file } = report();
    const place = `${file}.d`;
    const chainOf = (start: string) => `${start}${`/${"n".repeat(200)}`.repeat(11)}`;
    const deep = [chainOf(`${place}/a`), chainOf(`${place}/b`)] as const;
    for (const path of deep) mkdirSync(path, { recursive: true });
    renameSync(file, `${place}/other name`);
    renameSync(`${place}/b`, `${deep[0]}/b`); // no path of 4,096 bytes leads to its end
    const { code, err } = await verify([proof, "--in", place, "--recursive", "--to", at(1).id]);
    renameSync(`${deep[0]}/b`, `${place}/b`);
    expect([code, err]).toEqual([0, expect.stringMatching(/^note: .*name.*\n$/)]);
    expect(await verify([proof, "--in", proof])).toMatchObject({ code: 1, err: expect.stringContaining("no") });
  });

  test("for a member of a tree, and for data that the block carries", async () => {
    const nonce = Uint8Array.fromHex("00112233445566778899aabbccddeeff");
    const member = sha256("one of many");
    const root = sha256(Uint8Array.fromHex(member + nonce.toHex()));
    const [block] = await chain.accept([Uint8Array.fromHex(root)]);
    const { proof } = await chain.call("getProof", { id: block?.id, to: block?.id });
    const carrier = { ...stamped, block: parseBlock(Uint8Array.fromHex(proof.blocks[0].slice(2))) };
    const tree = leadTo(byBlock(root, carrier), [{ kind: "append", bytes: nonce }, hash]);
    const inTree = `${folder()}/a.ots`;
    writeFileSync(inTree, otsOf(member, tree));
    expect((await chain.run(["verify", inTree, "--digest", member])).code).toBe(0);
    const data = { ...stamped, block: await blockAt(2) };
    const file = `${folder()}/second`;
    writeFileSync(file, "second");
    writeFileSync(`${file}.ots`, otsOf(sha256("second"), byBlock(sha256("second"), data)));
    expect((await chain.run(["verify", `${file}.ots`])).code).toBe(0);
  });

  test("for proofs in JSON, by their content", async () => {
    const file = `${folder()}/report.txt`;
    writeFileSync(file, "report");
    await chain.run(["proof", file, "--to", at(2).id, "--output", `${file}.proof.json`]);
    const { code, value } = await verifyAsJson([`${file}.proof.json`, "--to", at(2).id]);
    expect([code, value]).toMatchObject([0, { verdict: "holds", anchor: "to", original: file, blocks: 2 }]);
    expect((await chain.run(["verify", `${file}.proof.json`])).code).toBe(0);
    writeFileSync(file, "other");
    expect(await chain.run(["verify", `${file}.proof.json`])).toMatchObject({ code: 1, out: "" });
  });

  test("for a proof from standard input", async () => {
    const { proof, file } = report();
    const { code } = await verify(["-", "--file", file, "--to", at(1).id], { stdin: proof });
    expect(code).toBe(0);
  });
});

describe("of a proof of two blocks", () => {
  const nonce = Uint8Array.fromHex("ffeeddccbbaa99887766554433221100");
  const salted = sha256(Uint8Array.fromHex(sha256("report") + nonce.toHex()));
  let second: StampedBlock;

  beforeAll(async () => {
    const [{ id } = { id: "" }] = await chain.accept([Uint8Array.fromHex(salted)]);
    const { proof } = await chain.call("getProof", { id, to: id });
    second = { ...stamped, block: parseBlock(Uint8Array.fromHex(proof.blocks[0].slice(2))) };
  });

  const both = () =>
    mergeTimestamps(
      byBlock(sha256("report")),
      leadTo(byBlock(salted, second), [{ kind: "append", bytes: nonce }, hash]),
    );

  test("the one is shown that the node itself saw first, or else the lower one", async () => {
    const { proof } = report(otsOf(sha256("report"), both()));
    using late = serverThat((block) => (BigInt(block.height) === second.block.height ? confirmed(block) : {}), chain);
    using blind = serverThat(() => ({}), chain);
    for (const [node, height] of [
      [late, Number(second.block.height)],
      [blind, 1],
    ] as const) {
      const { code, value } = await verifyAsJson([proof, "--url", node.url]);
      expect([code, value]).toMatchObject([0, { block: { height } }]);
    }
    const { out } = await verify([proof, "--url", blind.url]);
    expect(out).not.toContain("existed by");
  });

  test("one that is not of the chain keeps the other from nothing", async () => {
    const forged = { ...stamped, block: createBlock({ ...stamped.block, timestamp: 1n }) };
    const timestamp = mergeTimestamps(both(), byBlock(sha256("report"), forged));
    const { code, value } = await verifyAsJson([report(otsOf(sha256("report"), timestamp)).proof, "--url", chain.rpc]);
    expect([code, value]).toMatchObject([0, { verdict: "holds" }]);
  });

  test("one that proves nothing is named beside", async () => {
    const unsound = leadTo(attested(attestBlock(second)), [hash]);
    const timestamp = mergeTimestamps(byBlock(sha256("report")), unsound);
    const { code, out } = await verify([report(otsOf(sha256("report"), timestamp)).proof, "--to", at(1).id]);
    expect([code, out]).toEqual([0, expect.stringContaining("a block that proves nothing: its block ")]);
  });
});

describe("verify cannot tell", () => {
  test("without a node or an id, offline: consistent, not anchored", async () => {
    const { code, out, err } = await verify([report().proof, "--offline"]);
    expect([code, err]).toEqual([3, ""]);
    expect(out).toStartWith("consistent, not anchored\n");
  });

  test("without a file, and says so first", async () => {
    const { proof, file } = report();
    rmSync(file);
    const { code, out } = await chain.run(["verify", proof]);
    expect([code, out.split("\n")[0]]).toEqual([3, "no file was checked; the SHA-256 holds, by the word of a node"]);
    const { value } = await verifyAsJson([proof, "--to", at(1).id]);
    expect(value).toMatchObject({ verdict: "no file checked", anchor: "to" });
  });

  test("by a node that is not there", async () => {
    const { code, out, err } = await verify([report().proof, "--url", `127.0.0.1:${closedPort()}`]);
    expect([code, out, err]).toEqual([3, "", expect.stringContaining("cannot be told yet")]);
  });

  test("by an id alone that is not that of its block", async () => {
    const { code, err } = await verify([report().proof, "--to", at(3).id]);
    expect([code, err]).toEqual([
      3,
      expect.stringContaining(`the proof leads to block ${at(1).id}, not to ${at(3).id}`),
    ]);
    expect(err).toContain("--proof gives the blocks up to it");
  });

  test("of a proof that a newer program made", async () => {
    const newer = attested({ kind: "other", tag: "7fcc294a79166871", payload: Uint8Array.of(2, 1, 2, 3) });
    const { proof } = report(otsOf(sha256("report"), leadTo(newer, [hash, hash])));
    const { code, err } = await verify([proof, "--offline"]);
    expect([code, err]).toEqual([3, expect.stringContaining("made by a newer timestampvm")]);
  });

  test("of what nobody here knows, and names it", async () => {
    const { proof } = report(
      otsOf(sha256("report"), attested({ kind: "other", tag: "00".repeat(8), payload: Uint8Array.of(1) })),
    );
    const { code, err } = await verify([proof, "--offline"]);
    expect([code, err]).toEqual([3, expect.stringContaining("0000000000000000")]);
  });

  test("of Bitcoin, whose root it shows as explorers do", async () => {
    // As the stock client shows it for its example hello-world.txt.ots. The message is in the order of the header.
    const shown = "1bb49db87782170860c2e467994762f7f00c815d80d712e7eb9a7c14b9811f92";
    const root = Uint8Array.fromHex(shown).reverse().toHex();
    const bitcoin = attested({ kind: "bitcoin", height: 358_391n });
    const { proof } = report(otsOf(root, bitcoin));
    const { code, err } = await verify([proof, "--offline", "--digest", root]);
    const line = `Bitcoin block 358391: its Merkle root should be ${shown}; not checked here\n`;
    expect([code, err]).toEqual([3, expect.stringContaining(line)]);
  });
});

describe("verify refuses", () => {
  test("a way down: the id of a block below that of the stamp", async () => {
    const { proof } = report();
    const { code, err } = await verify([proof, "--to", chain.genesisId, "--url", chain.rpc]);
    const problem = `block ${chain.genesisId} is below block ${at(1).id}, in which it was stamped`;
    expect([code, err]).toEqual([1, expect.stringContaining(problem)]);
  });

  test("a file that was changed, and asks nobody", async () => {
    const { proof, file } = report();
    writeFileSync(file, "forged");
    const { code, out, err } = await verify([proof, "--url", `127.0.0.1:${closedPort()}`]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(
      `error: ${file} is not what was stamped: its SHA-256 is ${sha256("forged")}, and the proof is of ${sha256("report")}\n`,
    );
  });

  test("a block that the node does not have", async () => {
    const { block } = stamped;
    const forged = createBlock({ ...block, timestamp: 946_684_800n });
    const { proof } = report(otsOf(sha256("report"), byBlock(sha256("report"), { ...stamped, block: forged })));
    const { code, out, err } = await chain.run(["verify", proof]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`has no such block: at height 1 it has block ${at(1).id}, not ${forged.id}`);
  });

  test("a block that carries something else, and one of another payload", async () => {
    const attestation = attestBlock(stamped);
    const other = leadTo(attested(attestation), [hash, hash]);
    const broken = leadTo(attested({ kind: "other", tag: "7fcc294a79166871", payload: Uint8Array.of(1) }), [hash]);
    for (const timestamp of [other, broken]) {
      const { proof } = report(otsOf(sha256("forged"), timestamp));
      const { code, err } = await verify([proof, "--digest", sha256("forged"), "--to", at(1).id]);
      expect([code, err]).toEqual([1, expect.stringContaining("the proof proves nothing: ")]);
    }
  });

  test("a path and a file by SHA-1", async () => {
    const digest = sha256("report").slice(0, 40);
    const { proof } = report(otsOf(digest, pending, "sha1"));
    expect(await verify([proof, "--offline"])).toMatchObject({
      code: 1,
      err: "error: the proof rests on SHA-1, and not on SHA-256\n",
    });
  });

  test("a chain that the named node does not serve", async () => {
    const { proof } = report(
      otsOf(sha256("report"), byBlock(sha256("report"), { ...stamped, chain: parseId(otherChain) })),
    );
    const { code, err } = await verify([proof, "--url", chain.rpc]);
    expect([code, err]).toEqual([1, expect.stringContaining(`the proof is of chain ${otherChain}; the node at `)]);
    const ofNetwork = report(otsOf(sha256("report"), byBlock(sha256("report"), { ...stamped, network: 5n })));
    expect((await verify([ofNetwork.proof, "--url", chain.rpc])).code).toBe(1);
  });

  test.each([
    [["a.ots", "b.ots", "--file", "a"], "--file and --digest are about one proof"],
    [["a.ots", "--file", "a", "--in", "."], "give one of --file, --digest and --in"],
    [["a.ots", "--recursive"], "--recursive needs --in"],
    [["a.ots", "--proof", "a"], "--proof needs --to"],
    [["a.ots", "--offline", "--url", "9650"], "give one of --offline and --url"],
    [["-", "--file", "-"], "standard input can be read only once"],
    [["a.ots", "--file", "a", "--digest", sha256("a")], "give one of a file, --text and --digest"],
    [[], "missing required argument"],
  ])("%j: wrong use", async (args, reason) => {
    expect(await verify(args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(reason) });
  });

  test("a file that is no proof, and names its proof if that is beside it", async () => {
    const { proof, file } = report();
    expect((await verify([file])).err).toBe(`error: ${file}: it is no proof: ${proof} may be the proof of it\n`);
    rmSync(proof);
    expect(await verify([file])).toMatchObject({ code: 1, out: "", err: `error: ${file}: it is no proof\n` });
  });

  test("what is no proof, and says where it ends", async () => {
    const { proof } = report(otsOf(sha256("report"), pending).slice(0, 70));
    const { code, err } = await verify([proof, "--offline"]);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/report\.txt\.ots: not an OpenTimestamps proof: .*\(at byte \d+\)/),
    ]);
  });
});

describe("a proof without a block", () => {
  test("is looked up at the node, and upgrade is named", async () => {
    const { proof } = report(otsOf(sha256("report"), pending));
    const { code, out } = await chain.run(["verify", proof]);
    expect([code, out]).toEqual([0, expect.stringContaining("`timestampvm upgrade` adds it.")]);
    expect(out).toContain(`the calendar ${pendingUri} promised more: it was not asked`);
    const { value } = await verifyAsJson([proof, "--url", chain.rpc]);
    expect(value).toMatchObject({ verdict: "holds", upgrade: true, block: { id: at(1).id } });
  });

  test("is looked up 64 times at most, each message once", async () => {
    const ops = (from: number): Op[] =>
      Array.from({ length: 100 }, (_, i): Op[] => [{ kind: "append", bytes: Uint8Array.of(from + i) }, hash]).flat();
    const timestamp = mergeTimestamps(leadTo(pending, ops(0)), leadTo(pending, ops(100)));
    const file = `${folder()}/never`;
    writeFileSync(file, "never stamped");
    writeFileSync(`${file}.ots`, otsOf(sha256("never stamped"), timestamp));
    using node = serverThat(confirmed, chain);
    const { code, err } = await verify([`${file}.ots`, "--url", node.url]);
    expect([code, err]).toEqual([3, expect.stringContaining("The node has no block of it.")]);
    const asked = node.asked.filter(({ method }) => method === "find").map(({ params }) => params.digest);
    expect([asked.length, new Set(asked).size, asked[0]]).toEqual([64, 64, sha256("never stamped")]);
  });

  test("never has its addresses asked", async () => {
    let connections = 0;
    const open = () => {
      connections++;
    };
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open, data: () => {} } });
    const lure = attested({ kind: "pending", uri: `http://127.0.0.1:${listener.port}` });
    const both = mergeTimestamps(byBlock(sha256("report")), leadTo(lure, [hash]));
    for (const timestamp of [lure, both]) {
      const { proof } = report(otsOf(sha256("report"), timestamp));
      await verify([proof, "--offline"]);
      await verify([proof, "--to", at(1).id]);
      expect((await verify([proof, "--url", chain.rpc])).code).toBe(0);
    }
    expect((await fetch(chain.url)).status, "the loop has taken all connections").toBeNumber();
    listener.stop(true);
    expect(connections).toBe(0);
  });
});

describe("several proofs", () => {
  test("have a line each, whatever becomes of the others, and the worst exit code", async () => {
    const good = report();
    const forged = report();
    writeFileSync(forged.file, "forged");
    const alone = report();
    rmSync(alone.file);
    const all = await chain.run(["verify", good.proof, forged.proof, alone.proof, `${alone.file}.none`]);
    expect(all.code).toBe(1);
    expect(all.out.split("\n")).toEqual([
      expect.stringMatching(/^holds {2}(existed by|claimed) \S+.* {2}height 1 {2}.*report\.txt\.ots$/),
      expect.stringMatching(/^no file checked {2}.*report\.txt\.ots$/),
      "",
    ]);
    expect(all.err).toContain("is not what was stamped");
    expect(all.err).toEndWith("error: 2 of 4 files failed\n");
    const waiting = await chain.run(["verify", good.proof, alone.proof]);
    expect([waiting.code, waiting.err]).toEqual([3, "error: 1 of 2 files cannot be told yet\n"]);
    const { code, out } = await chain.run(["verify", good.proof, good.proof]);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/\nall 2 hold, by the word of http:\S+, which is a dev.*\n$/),
    ]);
    const { out: byId } = await verify([good.proof, good.proof, "--to", at(1).id]);
    expect(byId).toEndWith("\nall 2 hold: they lead to the block that you named\n");
  });

  test("for programs are an object each, of the documented form", async () => {
    const good = report();
    const forged = report();
    writeFileSync(forged.file, "forged");
    const { out } = await chain.run(["verify", good.proof, forged.proof, directory.file("none"), "--json"]);
    const values = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const value of values) expect(validate(value), JSON.stringify([value, validate.errors])).toBe(true);
    expect(values).toMatchObject([
      { file: good.proof, verdict: "holds", anchor: "url", compared: "file" },
      { file: forged.proof, verdict: "does not hold", error: expect.stringContaining("is not what was stamped") },
      { verdict: "unreadable", error: "there is no such file or directory" },
    ]);
  });

  test("of one block ask for the blocks that follow once", async () => {
    using node = serverThat(confirmed, chain);
    const proofs = Array.from({ length: 20 }, () => report().proof);
    expect((await verify([...proofs, "--to", at(3).id, "--url", node.url])).code).toBe(0);
    expect(node.asked.map(({ method }) => method)).toEqual(["getProof"]);
  });

  test("of one block ask for it once", async () => {
    using node = serverThat(confirmed, chain);
    const proofs = Array.from({ length: 20 }, () => report().proof);
    expect((await verify([...proofs, "--url", node.url])).code).toBe(0);
    expect(node.asked.filter(({ method }) => method === "getBlockByHeight")).toHaveLength(1);
  });
});

// Whatever is at the default address of this machine.
describe("a node that the user has not named", () => {
  const trust = (url: string, output: Output): Trust => {
    const connection = { ask: createClient(url), url: () => url, leftMs: () => 60_000, isNamed: false };
    return { to: undefined, path: undefined, node: new AskedNode(connection, output) };
  };
  const anchorOf = (by: StampedBlock, { url, err }: { readonly url: string; readonly err: string[] }) => {
    const output = createOutput({ out: () => {}, err: (text) => err.push(text) });
    return findAnchor([{ ...by, to: by.block, length: 1 }], trust(url, output));
  };

  test("is asked, and believed like another", async () => {
    const { anchor } = await anchorOf(stamped, { url: chain.rpc, err: [] });
    expect(anchor.kind).toBe("url");
  });

  test("may be missing, which is said", async () => {
    const err: string[] = [];
    const { anchor } = await anchorOf(stamped, { url: `http://127.0.0.1:${closedPort()}/`, err });
    expect([anchor.kind, err]).toEqual(["none", [expect.stringMatching(/^note: no node could be asked: .*\n$/)]]);
  });

  test("may serve another chain: that tells nothing", async () => {
    const other = { ...stamped, chain: parseId(otherChain) };
    const rejected = await anchorOf(other, { url: chain.rpc, err: [] }).catch((error: unknown) => error);
    expect(rejected).toMatchObject({ verdict: "cannot tell yet", exitCode: 3 });
  });
});
