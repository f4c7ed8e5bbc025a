import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { closeSync, existsSync, ftruncateSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseBlock } from "../../src/core/block.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  type AcceptedBlock,
  apiBlock,
  closedPort,
  confirmed,
  FakeServer,
  isoTime,
  RpcFailure,
  run,
  serverThat,
  sha256,
  sha256Twice,
  TestChain,
} from "./node-support.ts";

let chain: TestChain;
let directory: ReturnType<typeof temporaryDirectory>;
/** At heights 1, 2, … */
let accepted: readonly AcceptedBlock[];
const large = ["a", "b", "c", "d"].map((letter) => letter.repeat(900_000));
const nonce = "00112233445566778899aabbccddeeff";
const salted = Uint8Array.fromHex(sha256(Uint8Array.fromHex(sha256("private") + nonce)));

beforeAll(async () => {
  chain = await TestChain.start();
  directory = temporaryDirectory();
  accepted = await chain.accept(["first", Uint8Array.fromHex(sha256("secret")), ...large, salted, "last"]);
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
  test("leads from the first block with the data to the next one, or to one that is named", async () => {
    for (const to of [[], ["--to", at(3).id]]) {
      const { code, out, err } = await chain.run(["proof", "--text", "secret", ...to]);
      expect([code, err]).toEqual([0, ""]);
      const { proof, next } = await chain.call("getProof", { digest: sha256("secret"), to: at(3).id });
      expect(next).toBeUndefined();
      expect(out).toBe(`${JSON.stringify(proof)}\n`);
    }
  });

  test("names chain, genesis and program, and the SHA-256 that sha256sum prints", async () => {
    const { out } = await chain.run(["proof", "--text", "secret"]);
    expect(JSON.parse(out)).toMatchObject({
      chain: chain.genesisId, // of a development chain
      genesis: chain.genesisId,
      program: "timestampvm 1.2.3",
      sha256: `0x${sha256("secret")}`,
      digest: `0x${sha256Twice("secret")}`,
    });
    const { out: byId } = await chain.run(["proof", "--id", at(2).id]);
    expect(JSON.parse(byId)).not.toHaveProperty("sha256");
  });

  test("of a salted stamp is found by the nonce, and has it", async () => {
    const { code, out } = await chain.run(["proof", "--text", "private", "--nonce", nonce]);
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { height: 7, sha256: `0x${sha256("private")}`, nonce: `0x${nonce}` },
    ]);
    const found = await chain.run(["find", "--text", "private", "--nonce", nonce, "--json"]);
    expect([found.code, JSON.parse(found.out)]).toMatchObject([0, { height: 7, match: "digest" }]);
    const { code: none, err } = await chain.run(["proof", "--text", "private"]);
    expect([none, err]).toEqual([1, expect.stringContaining("not found")]);
    const byId = await chain.run(["proof", "--id", at(7).id, "--nonce", nonce]);
    expect([byId.code, byId.err]).toEqual([2, expect.stringContaining("--nonce needs the data")]);
    for (const wrong of ["00", `${nonce}00`, "x".repeat(32)]) {
      const { code, err } = await chain.run(["proof", "--text", "private", "--nonce", wrong]);
      expect([code, err], wrong).toEqual([2, expect.stringContaining("not 16 bytes in 32 hex digits")]);
    }
  });

  test("of the last block leads to itself, and says that it proves nothing yet", async () => {
    const alone = await chain.run(["proof", "--text", "last"]);
    expect([alone.code, JSON.parse(alone.out).blocks.length]).toEqual([0, 1]);
    expect(alone.err).toStartWith("note: It is one block that leads to itself: it proves nothing yet.");
    const { out } = await chain.run(["proof", "--text", "last", "--output", directory.file("alone.json")]);
    expect(out).toContain("1 block\n");
    expect(out).toContain("\nIt is one block that leads to itself: it proves nothing yet.");
    const json = await chain.run(["proof", "--text", "last", "--output", directory.file("alone-too.json"), "--json"]);
    expect([json.code, JSON.parse(json.out).blocks, json.err]).toEqual([0, 1, alone.err]);
  });

  test("joins the parts of a long one", async () => {
    const { proof: part, next } = await chain.call("getProof", { id: at(1).id, to: at(8).id });
    expect([part.blocks.length < 8, next], "there are parts").toEqual([true, expect.any(String)]);
    const { code, out } = await chain.run(["proof", "--text", "first", "--to", "latest"]);
    const proof = JSON.parse(out);
    expect([code, proof]).toMatchObject([0, { version: 1, ...at(1), digest: `0x${sha256("first")}`, to: at(8) }]);
    expect(proof.blocks).toHaveLength(8);
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
        `proof                        ${path}, 2 blocks`,
        `of block                     ${at(2).id}  height 2`,
        `claimed time                 ${isoTime(at(2).timestamp)}`,
        `SHA-256 of the file          ${sha256("secret")}`,
        `SHA-256 of the block's data  ${sha256Twice("secret")}`,
        `up to                        ${at(3).id}  height 3`,
        "",
      ].join("\n"),
    });
    const { out: text } = await chain.run(args);
    expect(readFileSync(path, "utf8")).toBe(text);
    const { out: json } = await chain.run([...args, "-o", directory.file("again.json"), "--json"]);
    const { blocks, ...rest } = JSON.parse(text);
    expect(JSON.parse(json)).toEqual({ ...rest, blocks: 2 });
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

  test.each(["find", "proof"])(
    "by %s of a stamp whose nonce is wrong: it says what was looked for, and why",
    async (command) => {
      const wrong = "ff".repeat(16);
      const { code, err } = await chain.run([command, "--text", "private", "--nonce", wrong]);
      const digest = sha256("private");
      const looked = sha256(Uint8Array.fromHex(digest + wrong));
      expect([code, err]).toEqual([
        1,
        `error: not found: no accepted block carries ${looked}, which is SHA-256(${digest} ‖ nonce ${wrong})\n`,
      ]);
    },
  );

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
    [
      "an end that is before",
      () => ["--id", at(2).id, "--to", at(1).id],
      "is before the one to be proven: name a later block, or latest",
    ],
  ])("of %s is exit 1", async (_name, args, reason) => {
    const { code, out, err } = await chain.run(["proof", ...args()]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(reason)]);
  });

  test("is shown to a person who waits for it", async () => {
    let ms = 0;
    const now = spyOn(performance, "now").mockImplementation(() => (ms += 1_500));
    try {
      const { err } = await chain.run(["proof", "--digest", sha256("first"), "--to", "latest"], { isWatched: true });
      expect(err.replaceAll(/, about [^,]+ left/g, "").split("\r\u001b[K")).toEqual([
        "",
        "2 of 8 blocks",
        "3 of 8 blocks",
        "4 of 8 blocks",
        "5 of 8 blocks",
        "6 of 8 blocks",
        "7 of 8 blocks",
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
          : { ...(await chain.call("getProof", { id: answer.proof.id, to: answer.proof.id })), next: at(8).id },
      "its parts do not fit together",
    ],
    [
      "a second part that was changed",
      (answer, call) => (call === 1 ? answer : spoilBlock(answer.proof)),
      "does not hold: not a proof",
    ],
  ])("%s is not believed", async (_name, change, reason) => {
    using server = spoil(change);
    const { code, out, err } = await server.run(["proof", "--text", "first", "--to", "latest"]);
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
    `block                        ${at(1).id}  height 1`,
    `claimed time                 ${isoTime(at(1).timestamp)}`,
    "data                         5 bytes",
    `SHA-256 of the block's data  ${sha256("first")}`,
    `up to                        ${at(2).id}  height 2, 2 blocks, claimed ${isoTime(at(2).timestamp)}`,
  ];
  const hints = () => [
    `says (not checked)           chain ${chain.genesisId}`,
    `                             genesis ${chain.genesisId}`,
    "                             made by timestampvm 1.2.3",
    "",
  ];

  test("says first that a proof alone is not anchored, and what would anchor it: exit 3", async () => {
    expect(await run(["check-proof", path])).toMatchObject({
      code: 3,
      err: "",
      out: [
        "consistent, not anchored",
        "",
        ...rows(),
        ...hints(),
        "Its blocks fit together, and anybody can make such blocks. It holds if the last one is of the chain:",
        "give the id of that as --to, from a source that you trust, or a node that you trust as --url.",
        "",
      ].join("\n"),
    });
  });

  test("says so of two blocks that somebody has made up, of the year 2000", async () => {
    const made = (parent: string, height: number) => {
      const text = `{"parent_id":"${parent}","height":${height},"timestamp":946684800,"data":"0x00"}`;
      return parseBlock(new TextEncoder().encode(text));
    };
    const first = made(unknownId, 1);
    const last = made(first.id, 2);
    const nameOf = ({ id }: { id: string }, height: number) => ({ id, height, timestamp: 946_684_800 });
    const forged = {
      version: 1,
      ...nameOf(first, 1),
      digest: `0x${sha256(Uint8Array.of(0))}`,
      to: nameOf(last, 2),
      blocks: [first, last].map(({ bytes }) => `0x${bytes.toHex()}`),
    };
    const forgery = file("forged.json", JSON.stringify(forged));
    const { code, out } = await run(["check-proof", forgery, "--json"]);
    expect([code, JSON.parse(out)]).toMatchObject([3, { verdict: "not anchored" }]);
    expect(out).not.toContain("holds");
    const asked = await chain.run(["check-proof", forgery, "--url", chain.rpc]);
    expect([asked.code, asked.out]).toEqual([1, ""]);
    expect(asked.err).toContain(`this node has no such block: at height 2 it has block ${at(2).id}\n`);
  });

  test("compares its end with the one that is known", async () => {
    const { code, out } = await run(["check-proof", path, "--to", at(2).id]);
    expect([code, out]).toEqual([
      0,
      [
        "holds: it ends in the block that you named",
        "",
        ...rows(),
        ...hints(),
        `So the data existed before block ${at(2).id}`,
        "was made: by the day on which you have its id.",
        "The times of blocks are what their proposers claim.",
        "",
      ].join("\n"),
    ]);
    const wrong = await run(["check-proof", path, "--to", at(1).id]);
    expect([wrong.code, wrong.out, wrong.err]).toEqual([
      1,
      "",
      `error: the proof leads to block ${at(2).id}, not to ${at(1).id}\n`,
    ]);
  });

  test("of one block proves that its data existed when the block was made, if it is anchored", async () => {
    const { proof } = await chain.call("getProof", { id: at(1).id, to: at(1).id });
    const alone = file("alone-by-api.json", JSON.stringify(proof));
    const { code, out } = await run(["check-proof", alone]);
    expect([code, out]).toEqual([3, expect.stringContaining("it proves nothing yet")]);
    using node = serverThat(confirmed, chain);
    const existed = `the data existed when block ${at(1).id}\nwas made`;
    for (const [anchor, words] of [
      [["--to", at(1).id], `\nSo ${existed}: by the day on which you have its id.\n`],
      [["--url", node.url], `\nIf the node does not lie, ${existed}.\n`],
    ] as const) {
      const { code, out } = await run(["check-proof", alone, ...anchor]);
      expect([code, out]).toEqual([0, expect.stringContaining(words)]);
      expect(out).not.toContain("proves nothing");
    }
    const { out: byNode } = await run(["check-proof", alone, "--url", node.url]);
    expect(byNode).toContain(`${isoTime(at(1).timestamp + 30)}, by the clock of that node\n`);
  });

  test("prints what is most likely a SHA-256", async () => {
    const { proof } = await chain.call("getProof", { id: at(2).id, to: at(2).id });
    const { out } = await run(["check-proof", file("digest.json", JSON.stringify(proof))]);
    expect(out).toContain(`\ndata                         ${sha256("secret")}, most likely the SHA-256 of a file\n`);
    expect(out).toContain("1 block, claimed");
    const digestFile = directory.file("the digest");
    writeFileSync(digestFile, Uint8Array.fromHex(sha256("secret")));
    const { out: asData } = await run(["check-proof", directory.file("digest.json"), "--file", digestFile]);
    expect(asData).toContain(
      [
        `SHA-256 of the file          ${sha256Twice("secret")}`,
        `SHA-256 of the block's data  ${sha256Twice("secret")}`,
        "data                         32 bytes",
        "match                        the block carries the data itself",
      ].join("\n"),
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
    expect([code, out]).toEqual([3, expect.stringContaining(`\nmatch                        ${words}\n`)]);
    expect(out).toContain(`\nSHA-256 of the file          ${sha256(height === 1 ? "first" : "secret")}\n`);
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
    const { id, height, timestamp, digest, to } = proof;
    const says = { chain: chain.genesisId, genesis: chain.genesisId, program: "timestampvm 1.2.3" };
    const facts = { id, height, timestamp, digest, to, blocks: 2 };
    const { code, out } = await run(["check-proof", path, "--json"]);
    expect([code, out]).toEqual([3, `${JSON.stringify({ verdict: "not anchored", ...facts, says })}\n`]);
    const { code: named, out: byName } = await run(["check-proof", path, "--json", "--to", to.id]);
    const holds = { verdict: "holds", holds: true, anchor: "to" };
    expect([named, byName]).toEqual([0, `${JSON.stringify({ ...holds, ...facts, says })}\n`]);
    const { out: byFile } = await run(["check-proof", path, "--json", "--to", to.id, "--text", "first"]);
    const data = { sha256: `0x${sha256("first")}`, match: "data" };
    expect(JSON.parse(byFile)).toEqual({ ...holds, ...facts, ...data, says });
  });

  test.each<readonly [string, () => readonly string[], string]>([
    ["leads to another block", () => [path, "--to", at(1).id], "the proof leads to block"],
    ["is about something else", () => [path, "--text", "second"], "the proof is not about "],
    [
      "has a changed block",
      () => [file("bad.json", JSON.stringify((spoilBlock(proof) as { proof: object }).proof))],
      "",
    ],
    ["is no JSON", () => [file("bad.json", "{")], "bad.json: it is no proof"],
  ])("for programs is an object with the problem, too, if it %s", async (_name, args, problem) => {
    const { code, out, err } = await run(["check-proof", ...args(), "--json"]);
    const answer = JSON.parse(out);
    expect([code, answer]).toEqual([1, { verdict: "does not hold", problem: expect.stringContaining(problem) }]);
    expect(err).toBe(`error: ${answer.problem}\n`);
  });

  test("for programs gives no verdict on what cannot be read", async () => {
    const { code, out } = await run(["check-proof", directory.file("missing.json"), "--json"]);
    expect([code, out]).toEqual([1, ""]);
  });

  test("shows what the proof says that it is about, if its block carries that", async () => {
    const { proof } = await chain.call("getProof", { digest: sha256("secret") });
    const { out } = await run(["check-proof", file("said.json", JSON.stringify(proof))]);
    expect(out).toContain(`\nSHA-256 of the file          ${sha256("secret")}, as the proof says\n`);
    const lie = file("lie.json", JSON.stringify({ ...proof, sha256: `0x${sha256("other")}` }));
    const { code, out: lied } = await run(["check-proof", lie]);
    expect([code, lied]).toEqual([
      3,
      expect.stringContaining(
        `\nSHA-256 of the file          ${sha256("other")}, says the proof, but the block does not show it`,
      ),
    ]);
  });

  test("takes the nonce of a salted stamp from the proof, or from --nonce", async () => {
    const { out: text } = await chain.run(["proof", "--text", "private", "--nonce", `0x${nonce}`]);
    const whole = file("salted.json", text);
    const { nonce: _, ...rest } = JSON.parse(text);
    const without = file("unsalted.json", JSON.stringify(rest));
    const about = ["--text", "private"];
    const words = "match                        the block carries the SHA-256 of its SHA-256 and the nonce\n";
    for (const args of [
      [whole, ...about],
      [without, ...about, "--nonce", nonce],
    ]) {
      const { code, out } = await run(["check-proof", ...args]);
      expect([code, out]).toEqual([3, expect.stringContaining(words)]);
      expect(out).toContain(`\nSHA-256 of the file          ${sha256("private")}\n`);
    }
    const { out: alone } = await run(["check-proof", whole]);
    expect(alone).toContain(`\nSHA-256 of the file          ${sha256("private")}, as the proof says\n`);
    expect((await run(["check-proof", without, ...about])).code).toBe(1);
    expect((await run(["check-proof", whole, "--text", "other"])).code).toBe(1);
    const nothing = await run(["check-proof", without, "--nonce", nonce]);
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining("--nonce needs the data")]);
  });

  test("takes a proof, or the data, from standard input", async () => {
    expect((await run(["check-proof", "-", "--to", at(2).id], { stdin: path })).code).toBe(0);
    const known = ["check-proof", path, "--to", at(2).id];
    expect((await run([...known, "--file", "-"], { stdin: file("data", "first") })).code).toBe(0);
    const both = await run(["check-proof", "-", "--file", "-"], { stdin: path });
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("cannot both be on standard input")]);
  });

  test("takes what proof wrote", async () => {
    const written = directory.file("written.json");
    await chain.run(["proof", "--text", "first", "--output", written]);
    expect((await run(["check-proof", written, "--text", "first", "--to", at(2).id])).code).toBe(0);
  });

  test("takes a saved reply of the API, and what PowerShell 5 wrote", async () => {
    const reply = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { proof } });
    const utf16 = Buffer.from(`\ufeff${reply}\r\n`, "utf16le");
    for (const [content, note] of [
      [reply, ""],
      [utf16, `note: ${directory.file("reply.json")} is in UTF-16, which other programs may not read\n`],
    ] as const) {
      const { code, out, err } = await run(["check-proof", file("reply.json", content), "--text", "first"]);
      expect([code, out, err]).toEqual([3, expect.stringContaining(`block                        ${at(1).id}`), note]);
    }
  });

  test("compares every digit of integers", async () => {
    const height = 2n ** 64n - 2n;
    const text = `{"parent_id":"${unknownId}","height":${height},"timestamp":${height},"data":"0x"}`;
    const id = parseBlock(new TextEncoder().encode(text)).id;
    const name = (claimed: bigint) => `"id":"${id}","height":${claimed},"timestamp":${height}`;
    const proofOf = (claimed: bigint) =>
      `{"version":1,${name(claimed)},"digest":"0x${sha256("")}","to":{${name(height)}},"blocks":["0x${Buffer.from(text).toString("hex")}"]}`;
    expect((await run(["check-proof", file("exact.json", proofOf(height)), "--to", id])).code).toBe(0);
    const { code, err } = await run(["check-proof", file("exact.json", proofOf(height - 1n))]);
    expect([code, err]).toEqual([1, expect.stringContaining(`height ${height}, not ${height - 1n}`)]);
  });

  test.each<readonly [string, () => string | Uint8Array, string]>([
    ["nothing", () => "", "it is no proof"],
    ["no JSON", () => "{", "it is no proof"],
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

describe("check-proof that asks a node", () => {
  let path: string;

  beforeAll(async () => {
    const { proof } = await chain.call("getProof", { id: at(1).id, to: at(2).id });
    path = file("asked.json", JSON.stringify(proof));
  });

  /** A node that answers as this chain does, with changes. */
  const nodeWith = (status: object, block: object | RpcFailure = {}) =>
    new FakeServer(async (method, params) => {
      const answer = await chain.call(method, params);
      if (method === "getStatus") return { ...answer, nodeId, networkId: 5, notice: undefined, ...status };
      if (method !== "getBlockByHeight" || block instanceof RpcFailure) return block;
      return { block: { ...answer.block, claim: undefined, firstSight: undefined, ...block } };
    });

  test("prints whose word it is, of which chain and network", async () => {
    using node = nodeWith({});
    const { code, out, err } = await node.run(["check-proof", path]);
    expect([code, err, out.split("\n")[0]]).toEqual([0, "", "holds, by the word of a node"]);
    expect(out).toContain(`
asked                        ${node.url}/ext/bc/timestampvm/rpc
node                         ${nodeId}
its chain                    ${chain.genesisId}, network 5
`);
    expect(out).toContain(`If the node does not lie, the data existed before block ${at(2).id}\nwas made.\n`);
    expect(node.asked.map(({ method }) => method)).toEqual(["getStatus", "getBlockByHeight"]);
    const { out: json } = await node.run(["check-proof", path, "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      verdict: "holds",
      holds: true,
      anchor: "url",
      node: { url: `${node.url}/ext/bc/timestampvm/rpc`, nodeId, chain: chain.genesisId, network: 5 },
    });
  });

  test("says that a development chain is no witness", async () => {
    const { code, out } = await chain.run(["check-proof", path, "--url", chain.rpc]);
    expect([code, out]).toEqual([0, expect.stringContaining("its word is worth nothing to anybody else")]);
  });

  test("gives the node's own first sight as the time by which the data existed, and no other", async () => {
    const time = at(2).timestamp + 1;
    const firstSight = { time, node: nodeId, own: true };
    using own = nodeWith({}, { firstSight });
    const { out } = await own.run(["check-proof", path]);
    expect(out).toContain(`\nexisted by                   ${isoTime(time)}, by the clock of that node\n`);
    expect(JSON.parse((await own.run(["check-proof", path, "--json"])).out)).toMatchObject({ firstSight });
    using others = nodeWith({}, { firstSight: { ...firstSight, own: false } });
    const { out: said } = await others.run(["check-proof", path]);
    expect(said).toContain(`\nseen                         ${nodeId} says: seen ${isoTime(time)}\n`);
    expect(said).not.toContain("existed by");
  });

  test.each<readonly [string, () => FakeServer, number, string, string]>([
    [
      "has another block at that height",
      () => nodeWith({}, apiBlock(2)),
      1,
      "no such block",
      "this node has no such block: at height 2 it has block ",
    ],
    [
      "has another block at that height, and is not at work yet",
      () => nodeWith({ state: "bootstrapping" }, apiBlock(2)),
      3,
      "cannot tell yet",
      "cannot be told yet. The node is bootstrapping, and not at work yet.",
    ],
    [
      "is not that high yet",
      () => nodeWith({ lastAccepted: at(1) }, new RpcFailure(-32_603, "not found", { code: "unknown block" })),
      3,
      "cannot tell yet",
      "cannot be told yet. The node is at height 1, and the proof ends at 2. Ask again later.",
    ],
  ])("says what it is worth if the node %s", async (_what, start, exitCode, verdict, words) => {
    using node = start();
    const { code, out, err } = await node.run(["check-proof", path]);
    expect([code, out, err]).toEqual([exitCode, "", expect.stringContaining(words)]);
    const { code: same, out: json } = await node.run(["check-proof", path, "--json"]);
    expect([same, JSON.parse(json).verdict]).toEqual([exitCode, verdict]);
    expect(json).not.toContain("holds");
  });

  test("names both chains if the proof says that it is of another one", async () => {
    using node = nodeWith({ chainId: unknownId }, apiBlock(2));
    const { err } = await node.run(["check-proof", path]);
    expect(err).toContain(`The proof says that it is of chain ${chain.genesisId}; this is chain ${unknownId}.`);
  });

  test("does not believe a node that contradicts itself, nor one that is not there", async () => {
    using liar = nodeWith({}, { timestamp: 1 });
    const url = `http://127.0.0.1:${closedPort()}`;
    for (const { code, out, err } of [
      await liar.run(["check-proof", path]),
      await run(["check-proof", path, "--url", url]),
    ]) {
      expect([code, out, err]).toEqual([3, "", expect.stringContaining("whether the proof holds cannot be told yet")]);
    }
    const { code, out } = await run(["check-proof", path, "--url", url, "--json"]);
    const problem = expect.stringContaining("whether the proof holds cannot be told yet");
    expect([code, JSON.parse(out)]).toEqual([3, { verdict: "cannot tell yet", problem }]);
  });

  test("asks nobody whom only the environment names", async () => {
    using node = nodeWith({});
    const { code } = await run(["check-proof", path], { environment: { TIMESTAMPVM_URL: node.url } });
    expect([code, node.asked]).toEqual([3, []]);
  });

  test("takes one anchor", async () => {
    const { code, err } = await chain.run(["check-proof", path, "--url", chain.rpc, "--to", at(2).id]);
    expect([code, err]).toEqual([2, expect.stringContaining("give one of --to and --url")]);
  });
});

const nodeId = "NodeID-111111111111111111116DBWJs";
