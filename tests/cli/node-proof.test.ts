import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { closeSync, existsSync, ftruncateSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseBlock } from "../../src/core/block.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type AcceptedBlock, FakeServer, isoTime, run, sha256, sha256Twice, TestChain } from "./node-support.ts";

let chain: TestChain;
let directory: ReturnType<typeof temporaryDirectory>;
/** At heights 1, 2, … */
let accepted: readonly AcceptedBlock[];
const large = ["a", "b", "c", "d"].map((letter) => letter.repeat(900_000));

beforeAll(async () => {
  chain = await TestChain.start();
  directory = temporaryDirectory();
  accepted = await chain.accept(["first", Uint8Array.fromHex(sha256("secret")), ...large, "last"]);
});
afterAll(() => {
  chain[Symbol.dispose]();
  directory[Symbol.dispose]();
});

function at(height: number): AcceptedBlock {
  return accepted[height - 1] as AcceptedBlock;
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(directory.file(name), content);
  return directory.file(name);
}

/** The blocks of a proof without the code under test: each names the one before, by the hash of its bytes. */
function expectLinked(proof: { blocks: readonly string[] }): void {
  const texts = proof.blocks.map((block) => Buffer.from(block.slice(2), "hex"));
  const heights = texts.map((text) => JSON.parse(text.toString()).height);
  expect(heights).toEqual(heights.map((_height, i) => heights[0] + i));
}

describe("proof", () => {
  test("leads from the first block with the data to the last accepted one", async () => {
    const { code, out, err } = await chain.run(["proof", "--text", "secret", "--to", at(3).id]);
    expect([code, err]).toEqual([0, ""]);
    const { proof, next } = await chain.call("getProof", { digest: sha256("secret"), to: at(3).id });
    expect(next).toBeUndefined();
    expect(out).toBe(`${JSON.stringify(proof)}\n`);
  });

  test("joins the parts of a long one", async () => {
    const { proof: part, next } = await chain.call("getProof", { id: at(1).id });
    expect([part.blocks.length < 7, next], "there are parts").toEqual([true, expect.any(String)]);
    const { code, out } = await chain.run(["proof", "--text", "first"]);
    const proof = JSON.parse(out);
    expect([code, proof]).toMatchObject([0, { version: 1, ...at(1), digest: `0x${sha256("first")}`, to: at(7) }]);
    expect(proof.blocks).toHaveLength(7);
    expectLinked(proof);
  });

  test.each<readonly [string, () => readonly string[], number]>([
    ["a file", () => [file("data", "first")], 1],
    ["a digest", () => ["--digest", sha256("first")], 1],
    ["an id", () => ["--id", at(4).id], 4],
    ["the first block", () => ["--id", chain.genesisId], 0],
  ])("is of %s", async (_name, args, height) => {
    const { out } = await chain.run(["proof", ...args(), "--to", at(4).id]);
    expect(JSON.parse(out)).toMatchObject({ height, to: { height: 4 } });
  });

  test("is of standard input", async () => {
    const { out } = await chain.run(["proof", "--to", at(1).id], { stdin: file("input", "first") });
    expect(JSON.parse(out)).toMatchObject({ height: 1, to: { height: 1 } });
  });

  test("goes into a new file, and prints what it proves", async () => {
    const path = directory.file("new.json");
    const args = ["proof", "--text", "secret", "--to", at(3).id];
    expect(await chain.run([...args, "--output", path])).toMatchObject({
      code: 0,
      err: "",
      out: [
        `proof     ${path}, 2 blocks`,
        `of block  ${at(2).id}  height 2`,
        `time      ${isoTime(at(2).timestamp)}`,
        `up to     ${at(3).id}  height 3`,
        "",
      ].join("\n"),
    });
    const { out: text } = await chain.run(args);
    expect(readFileSync(path, "utf8")).toBe(text);
    const { out: json } = await chain.run([...args, "-o", directory.file("again.json"), "--json"]);
    const { blocks, ...rest } = JSON.parse(text);
    expect(JSON.parse(json)).toEqual(rest);
  });

  test("prints a file's name in one line that a terminal only shows", async () => {
    const { code, out } = await chain.run([
      "proof",
      "--id",
      chain.genesisId,
      "--output",
      directory.file("a\u001b[2J\nb"),
    ]);
    expect([code, out.split("\n")[0]]).toEqual([0, expect.stringMatching(/a\\u001b\[2J\\u000ab, \d+ blocks?$/)]);
  });

  test("does not write over a file, and asks nothing then", async () => {
    const path = file("old.json", "precious");
    using server = new FakeServer(() => ({}));
    const { code, out, err } = await server.run(["proof", "--text", "first", "--output", path]);
    expect([code, out, err]).toEqual([1, "", `error: ${path}: there is such a file already\n`]);
    expect([server.asked, readFileSync(path, "utf8")]).toEqual([[], "precious"]);
  });

  test("that cannot be made leaves no file", async () => {
    const before = readdirSync(directory.path);
    const { code } = await chain.run(["proof", "--text", "nothing", "-o", directory.file("none.json")]);
    expect([code, readdirSync(directory.path)]).toEqual([1, before]);
  });

  test.each<readonly [string, () => readonly string[], string]>([
    [
      "data that was never stamped",
      () => ["--text", "never"],
      `not found: no accepted block carries ${sha256("never")}`,
    ],
    ["an unknown block", () => ["--id", unknownId], `not found: no accepted block is ${unknownId}`],
    ["an unknown end", () => ["--text", "first", "--to", unknownId], `--to: no block ${unknownId} is accepted`],
    ["an end that is before", () => ["--id", at(2).id, "--to", at(1).id], "to must not be before the block"],
  ])("of %s is exit 1", async (_name, args, reason) => {
    const { code, out, err } = await chain.run(["proof", ...args()]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(reason)]);
  });

  test("is shown to a person who waits for it", async () => {
    let ms = 0;
    const now = spyOn(performance, "now").mockImplementation(() => (ms += 1_500));
    try {
      const { err } = await chain.run(["proof", "--digest", sha256("first")], { isWatched: true });
      expect(err.split("\r\u001b[K")).toEqual([
        "",
        "2 of 7 blocks",
        "3 of 7 blocks",
        "4 of 7 blocks",
        "5 of 7 blocks",
        "6 of 7 blocks",
        "",
      ]);
    } finally {
      now.mockRestore();
    }
  });
});

const unknownId = "11111111111111111111111111111111LpoYY";

describe("a server that gives", () => {
  // biome-ignore lint/suspicious/noExplicitAny: parts of proofs, to be spoiled
  const spoil = (change: (answer: any, call: number) => unknown) => {
    let calls = 0;
    return new FakeServer(async (method, params) => {
      const answer = await chain.call(method, params);
      return method === "getProof" ? change(answer, ++calls) : answer;
    });
  };

  test.each<readonly [string, Parameters<typeof spoil>[0], string]>([
    ["a block that was changed", ({ proof }) => spoilBlock(proof), "does not hold: not a proof"],
    ["the proof of another block", async () => chain.call("getProof", { id: at(4).id }), "carries something else"],
    ["an end before the one that was asked for", ({ proof }) => ({ proof }), "does not hold: it ends in block"],
    [
      "the same part again",
      (answer, call) => (call === 1 ? answer : chain.call("getProof", { id: at(1).id })),
      "its parts do not fit together",
    ],
    [
      "parts of one block",
      async (answer, call) =>
        call === 1
          ? answer
          : { ...(await chain.call("getProof", { id: answer.proof.id, to: answer.proof.id })), next: at(7).id },
      "its parts do not fit together",
    ],
    [
      "a second part that was changed",
      (answer, call) => (call === 1 ? answer : spoilBlock(answer.proof)),
      "does not hold: not a proof",
    ],
  ])("%s is not believed", async (_name, change, reason) => {
    using server = spoil(change);
    const { code, out, err } = await server.run(["proof", "--text", "first"]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(reason)]);
  });

  test("a proof of another id is not believed", async () => {
    using server = spoil(() => chain.call("getProof", { id: at(5).id }));
    const { code, err } = await server.run(["proof", "--id", at(4).id]);
    expect([code, err]).toEqual([1, expect.stringContaining("carries something else")]);
  });
});

function spoilBlock(proof: { blocks: string[] }): object {
  const [first = "", ...rest] = proof.blocks;
  const middle = first.length - 20;
  const changed = first[middle] === "3" ? "4" : "3";
  return { proof: { ...proof, blocks: [`${first.slice(0, middle)}${changed}${first.slice(middle + 1)}`, ...rest] } };
}

describe("check-proof", () => {
  let path: string;
  let proof: { id: string; height: number; timestamp: number; digest: string; to: AcceptedBlock; blocks: string[] };

  beforeAll(async () => {
    proof = (await chain.call("getProof", { id: at(1).id, to: at(2).id })).proof;
    path = file("proof.json", JSON.stringify(proof));
  });

  const rows = () => [
    `block    ${at(1).id}  height 1`,
    `time     ${isoTime(at(1).timestamp)}`,
    "data     5 bytes",
    `SHA-256  ${sha256("first")}`,
  ];
  const upTo = () => `up to    ${at(2).id}  height 2, ${isoTime(at(2).timestamp)}, 2 blocks`;

  test("says what a proof proves, and what it cannot, without a node", async () => {
    expect(await run(["check-proof", path])).toMatchObject({
      code: 0,
      err: "",
      out: [
        ...rows(),
        upTo(),
        "",
        `It holds if block ${at(2).id} belongs to the chain:`,
        "compare this id with one from a source that you trust, or give that one as --to.",
        "",
      ].join("\n"),
    });
  });

  test("compares its end with the one that is known", async () => {
    const { code, out } = await run(["check-proof", path, "--to", at(2).id]);
    expect([code, out]).toEqual([
      0,
      `${[...rows(), upTo(), ""].join("\n")}\nIt holds: this block was on the chain when the named one was made.\n`,
    ]);
    const wrong = await run(["check-proof", path, "--to", at(1).id]);
    expect([wrong.code, wrong.out, wrong.err]).toEqual([
      1,
      "",
      `error: the proof leads to block ${at(2).id}, not to ${at(1).id}\n`,
    ]);
  });

  test("prints what is most likely a SHA-256", async () => {
    const { proof } = await chain.call("getProof", { id: at(2).id, to: at(2).id });
    const { out } = await run(["check-proof", file("digest.json", JSON.stringify(proof))]);
    expect(out).toContain(`\nSHA-256  ${sha256("secret")}, the 32 bytes that the block carries\nup to    `);
    expect(out).toContain("1 block\n");
    const digestFile = directory.file("the digest");
    writeFileSync(digestFile, Uint8Array.fromHex(sha256("secret")));
    const { out: asData } = await run(["check-proof", directory.file("digest.json"), "--file", digestFile]);
    expect(asData).toContain(
      `\ndata     32 bytes\nSHA-256  ${sha256Twice("secret")}\nmatch    the block carries the data`,
    );
  });

  test.each<readonly [string, () => readonly string[], number, string]>([
    ["a text that the block carries", () => ["--text", "first"], 1, "the block carries the data itself"],
    ["a file that it carries", () => ["--file", file("data", "first")], 1, "the block carries the data itself"],
    ["the SHA-256 of what it carries", () => ["--digest", sha256("first")], 1, "the block carries the data itself"],
    ["a text whose SHA-256 it carries", () => ["--text", "secret"], 2, "the block carries its SHA-256"],
    ["a file whose SHA-256 it carries", () => ["--file", file("data", "secret")], 2, "the block carries its SHA-256"],
    ["a SHA-256 that it carries", () => ["--digest", sha256("secret")], 2, "the block carries its SHA-256"],
  ])("is about %s", async (_name, args, height, words) => {
    const { proof } = await chain.call("getProof", { id: at(height).id, to: at(2).id });
    const about = file("about.json", JSON.stringify(proof));
    const { code, out } = await run(["check-proof", about, ...args()]);
    expect([code, out]).toEqual([0, expect.stringContaining(`match    ${words}\n`)]);
    const { out: json } = await run(["check-proof", about, "--json", ...args()]);
    expect(JSON.parse(json).match).toBe(words.endsWith("itself") ? "data" : "digest");
  });

  test.each<readonly [string, () => readonly string[]]>([
    ["a text", () => ["--text", "second"]],
    ["a file", () => ["--file", file("data", "first\n")]],
    ["a SHA-256", () => ["--digest", sha256("second")]],
  ])("is not about %s that its block does not carry", async (_name, args) => {
    const { code, out, err } = await run(["check-proof", path, ...args()]);
    expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^error: the proof is not about /)]);
  });

  test("for programs is one JSON object", async () => {
    const { code, out } = await run(["check-proof", path, "--json"]);
    const { id, height, timestamp, digest, to } = proof;
    const wanted = { holds: true, id, height, timestamp, digest, to, blocks: 2 };
    expect([code, out]).toEqual([0, `${JSON.stringify(wanted)}\n`]);
  });

  test("takes a proof, or the data, from standard input", async () => {
    expect((await run(["check-proof", "-"], { stdin: path })).code).toBe(0);
    expect((await run(["check-proof", path, "--file", "-"], { stdin: file("data", "first") })).code).toBe(0);
    const both = await run(["check-proof", "-", "--file", "-"], { stdin: path });
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("cannot both be on standard input")]);
  });

  test("takes what proof wrote", async () => {
    const written = directory.file("written.json");
    await chain.run(["proof", "--text", "first", "--output", written]);
    expect((await run(["check-proof", written, "--text", "first", "--to", at(7).id])).code).toBe(0);
  });

  test("takes a saved reply of the API, and what PowerShell 5 wrote", async () => {
    const reply = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { proof } });
    for (const content of [reply, Buffer.from(`\ufeff${reply}\r\n`, "utf16le")]) {
      const { code, out } = await run(["check-proof", file("reply.json", content), "--text", "first"]);
      expect([code, out]).toEqual([0, expect.stringContaining(`block    ${at(1).id}`)]);
    }
  });

  test("compares every digit of integers", async () => {
    const height = 2n ** 64n - 2n;
    const text = `{"parent_id":"${unknownId}","height":${height},"timestamp":${height},"data":"0x"}`;
    const id = parseBlock(new TextEncoder().encode(text)).id;
    const name = (claimed: bigint) => `"id":"${id}","height":${claimed},"timestamp":${height}`;
    const proofOf = (claimed: bigint) =>
      `{"version":1,${name(claimed)},"digest":"0x${sha256("")}","to":{${name(height)}},"blocks":["0x${Buffer.from(text).toString("hex")}"]}`;
    expect((await run(["check-proof", file("exact.json", proofOf(height))])).code).toBe(0);
    const { code, err } = await run(["check-proof", file("exact.json", proofOf(height - 1n))]);
    expect([code, err]).toEqual([1, expect.stringContaining(`height ${height}, not ${height - 1n}`)]);
  });

  test.each<readonly [string, () => string | Uint8Array, string]>([
    ["nothing", () => "", "it is not JSON"],
    ["no JSON", () => "{", "it is not JSON"],
    ["no text", () => Uint8Array.of(0x22, 0xff, 0x22), "its bytes are neither UTF-8 nor UTF-16"],
    [
      "a refusal",
      () => '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no \u009b2J"}}',
      "none: no \\u009b2J",
    ],
    ["more values than a proof has", () => "[".repeat(10_000_000), "not a proof: it has more values than"],
    ["no proof", () => "{}", "not a proof: its version is not 1"],
    ["a list", () => "[]", "not a proof"],
    [
      "a proof without its last block",
      () => JSON.stringify({ ...proof, blocks: proof.blocks.slice(0, 1) }),
      "not a proof",
    ],
    ["a changed block", () => JSON.stringify((spoilBlock(proof) as { proof: object }).proof), "not a proof"],
    ["another time", () => JSON.stringify({ ...proof, timestamp: 1 }), "not 1"],
    ["an id that a terminal obeys", () => JSON.stringify({ ...proof, id: "\u009b2J" }), "\\u009b2J"],
  ])("of %s is exit 1, with the reason", async (_name, content, reason) => {
    const spoiled = directory.file("spoiled.json");
    writeFileSync(spoiled, content());
    const { code, out, err } = await run(["check-proof", spoiled]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(reason)]);
    expect(err).toStartWith(`error: ${spoiled}: `);
  });

  test("reads no file that is larger than a proof may be", async () => {
    const huge = directory.file("huge.json");
    const fileDescriptor = openSync(huge, "w");
    ftruncateSync(fileDescriptor, 256 * 1024 * 1024 + 1);
    closeSync(fileDescriptor);
    const { code, err } = await run(["check-proof", huge]);
    expect([code, err]).toEqual([1, `error: ${huge} has more than 268,435,456 bytes\n`]);
  });

  test("of a file that is not there is exit 1", async () => {
    const missing = directory.file("missing.json");
    const { code, err } = await run(["check-proof", missing]);
    expect([code, err, existsSync(missing)]).toEqual([
      1,
      `error: ${missing}: there is no such file or directory\n`,
      false,
    ]);
  });
});
