import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { maxLineBytes } from "../../src/cli/db/read-lines.ts";
import { createBlock } from "../../src/core/block.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, chainOn, childOf, genesis, peer } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  attestations,
  blocks,
  type Content,
  db,
  exported,
  firstSights,
  makeDatabase,
  proposal,
  trees,
} from "./db-support.ts";

const at = (height: number) => blocks[height] ?? genesis;

/** The lines of an export of this content. */
function linesOf(content: Content = {}): string[] {
  using directory = temporaryDirectory();
  makeDatabase(directory.file("timestampvm.db"), content);
  return exported(directory.path);
}

interface Imported {
  readonly code: number;
  readonly out: string;
  /** Here and in `out` FILE and TARGET stand for the two paths. */
  readonly err: string;
  /** What is there afterwards, beside the export. */
  readonly files: readonly string[];
}

/** Imports a file of this text into a place where nothing is. */
function importText(text: string | Uint8Array): Imported {
  using directory = temporaryDirectory();
  const [file, target] = [directory.file("chain.jsonl"), directory.file("data/timestampvm.db")];
  writeFileSync(file, text);
  const { code, out, err } = db("import", target, "--file", file);
  const files = readdirSync(directory.path, { recursive: true })
    .map(String)
    .filter((name) => name !== "chain.jsonl");
  const nameless = (text: string) => text.replaceAll(file, "FILE").replaceAll(target, "TARGET");
  return { code, out: nameless(out), err: nameless(err), files };
}

const importLines = (lines: readonly string[]) => importText(`${lines.join("\n")}\n`);

/** The line of a block, with another content where one is given. */
function lineOf(height: number, block = at(height), id: string = block.id): string {
  return JSON.stringify({ type: "block", height, id, bytes: Buffer.from(block.bytes).toString("base64") });
}

const sound = linesOf();
/** The lines, with one of them changed or left out; the first is 1. */
const withLine = (number: number, ...lines: readonly string[]) => sound.toSpliced(number - 1, 1, ...lines);
const changed = (number: number, from: string, to: string) =>
  withLine(number, (sound[number - 1] ?? "").replace(from, to));

/** An export with all that there can be in one. */
const full = linesOf({ firstSights, trees, attestations });
const changedFull = (number: number, from: string | RegExp, to: string) => (full[number - 1] ?? "").replace(from, to);
const end = (counts: object) => JSON.stringify({ ...JSON.parse(full.at(-1) ?? ""), ...counts });
/** The signature of one node. */
const one = new Uint8Array(116).fill(9);

const stranger = childOf(childOf(at(1), "other"), "stranger");
const early = childOf(at(1), "early", 1n);
const foreign = parseGenesis(bytesOf(formatGenesis("another chain")));
const late = childOf(at(1), "late", 2n ** 63n);
const flipped = { ...at(2), bytes: at(2).bytes.with(at(2).bytes.length - 3, 0x31) };

describe("db import takes", () => {
  test("an export, and says what is there now", () => {
    expect(importLines(sound)).toEqual({
      code: 0,
      out: `imported 6 blocks and 2 proposals into TARGET\nlast accepted  ${at(5).id}\n`,
      err: "",
      files: ["data", "data/timestampvm.db"],
    });
  });

  test("an export with all that there can be in one", () => {
    expect(importLines(full)).toEqual({
      code: 0,
      out: `imported 6 blocks, 2 proposals, 2 trees and 2 attestations into TARGET\nlast accepted  ${at(5).id}\n`,
      err: "",
      files: ["data", "data/timestampvm.db"],
    });
  });

  test("lines that end as on Windows, and a last one that does not end", () => {
    expect(importText(sound.join("\r\n"))).toMatchObject({ code: 0, files: ["data", "data/timestampvm.db"] });
  });

  test("a byte order mark before the first line", () => {
    expect(importText(`\ufeff${sound.join("\n")}`)).toMatchObject({ code: 0, files: ["data", "data/timestampvm.db"] });
  });

  test("keys in any order", () => {
    const reordered = sound.map((line) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse())),
    );
    expect(importLines(reordered)).toMatchObject({ code: 0 });
  });

  test("more blocks than one commit takes, and the largest", () => {
    const chain = [genesis, ...chainOn(genesis, 1_100)];
    for (let i = 0; i < 5; i++) chain.push(childOf(chain.at(-1) ?? genesis, new Uint8Array(1_048_576).fill(i)));
    expect(importLines(linesOf({ blocks: chain }))).toMatchObject({ code: 0, err: "" });
  });
});

describe("db import refuses, and leaves nothing behind:", () => {
  test("UTF-16, by its name", () => {
    for (const mark of ["", "\ufeff"]) {
      const refused = importText(Buffer.from(mark + sound.join("\n"), "utf16le"));
      const err = "error: FILE, line 1: UTF-16: convert the file to UTF-8\n";
      expect(refused).toEqual({ code: 1, out: "", err, files: [] });
    }
  });

  test.each<readonly [string, readonly string[], string]>([
    ["a line without anything", [], "line 1: not JSON"],
    ["an export without its first line", sound.slice(1), "line 1: an export begins with a line of type chain"],
    [
      "an export of another version",
      changed(1, '"version":2', '"version":3'),
      "line 1: an export of version 3; this timestampvm reads versions 1 and 2: " +
        "export it once more, with --format-version 2",
    ],
    [
      "an instance id that is none",
      changed(1, '"instanceId":"', '"instanceId":"x'),
      'line 1: "instanceId" must be 32 hex digits',
    ],
    ["an export that is cut off", sound.slice(0, 4), "it is cut off after line 4"],
    ["an export that is cut off behind a proposal", sound.slice(0, 8), "it is cut off after line 8"],
    ["a line that is cut off", [...sound.slice(0, 4), (sound[4] ?? "").slice(0, 99)], "line 5: not JSON"],
    ["junk", withLine(4, "junk"), "line 4: not JSON"],
    ["an empty line", withLine(4, ""), "line 4: not JSON"],
    [
      "more values than any line",
      withLine(4, "[".repeat(8_000_000)),
      "line 4: too many values for a line of an export",
    ],
    ["null", withLine(4, "null"), "line 4: not a JSON object"],
    ["a list", withLine(4, "[]"), 'line 4: its "type" must be chain, block, proposal, tree, attestation or end'],
    [
      "an unknown type",
      withLine(4, '{"type":"toString"}'),
      'line 4: its "type" must be chain, block, proposal, tree, attestation or end',
    ],
    ["an unknown key", changed(4, '{"type"', '{"more":1,"type"'), 'line 4: unknown key "more"'],
    [
      "a block without bytes",
      changed(4, '"bytes"', '"type"'),
      'line 4: its "type" must be chain, block, proposal, tree, attestation or end',
    ],
    ["a block without an id", withLine(4, '{"type":"block","height":2,"bytes":""}'), 'line 4: "id" must be an id'],
    ["bytes that are not base64", changed(4, '"bytes":"', '"bytes":"*'), 'line 4: "bytes" must be padded base64'],
    [
      "a height that is text",
      changed(4, '"height":2', '"height":"2"'),
      'line 4: "height" must be a whole number from 0 up',
    ],
    [
      "a height with a fraction",
      changed(4, '"height":2', '"height":2.5'),
      'line 4: "height" must be a whole number from 0 up',
    ],
    [
      "a height below zero",
      changed(4, '"height":2', '"height":-2'),
      'line 4: "height" must be a whole number from 0 up',
    ],
    [
      "a height that no double holds",
      changed(4, '"height":2', '"height":9007199254740993'),
      "line 4: a block of height 9007199254740993 instead of 2",
    ],
    [
      "the greatest height, for a chain that ends sooner",
      changed(1, '"height":5', '"height":18446744073709551615'),
      `line 10: the last block is ${at(5).id}, and not ${at(5).id} at height 18446744073709551615`,
    ],
    [
      "a height beyond 64 bits",
      changed(4, '"height":2', '"height":18446744073709551616'),
      'line 4: "height" must be a whole number from 0 up',
    ],
    ["a wrong height", changed(4, '"height":2', '"height":3'), "line 4: a block of height 3 instead of 2"],
    [
      "a block of no form",
      withLine(4, lineOf(2, { ...at(2), bytes: bytesOf("{}") })),
      "line 4: malformed block: missing field `parent_id`",
    ],
    ["one changed byte", withLine(4, lineOf(2, flipped)), `not ${at(2).id}`],
    ["a wrong id", withLine(4, lineOf(2, at(2), at(3).id)), `line 4: its bytes are block ${at(2).id}, not ${at(3).id}`],
    ["a gap", withLine(4), "line 4: a block of height 3 instead of 2"],
    [
      "two lines that changed places",
      sound.with(3, sound[4] ?? "").with(4, sound[3] ?? ""),
      "line 4: a block of height 3 instead of 2",
    ],
    [
      "a line that is there twice",
      withLine(4, sound[3] ?? "", sound[3] ?? ""),
      "line 5: a block of height 2 instead of 3",
    ],
    [
      "a block of another chain",
      withLine(5, lineOf(3, stranger)),
      `line 5: block ${stranger.id} has parent ${stranger.parentId}, not ${at(2).id}`,
    ],
    [
      "a block that claims another height",
      withLine(5, lineOf(3, at(4))),
      `line 5: block ${at(4).id} has parent ${at(3).id}, not ${at(2).id}`,
    ],
    [
      "a time before the parent's",
      withLine(4, lineOf(2, early)),
      `line 4: block ${early.id} breaks a rule: timestamp 1 is before the parent's timestamp ${at(1).timestamp}`,
    ],
    [
      "a time that no file can hold",
      withLine(4, lineOf(2, late)),
      `line 4: block ${late.id} is of a time beyond 9223372036854775807`,
    ],
    [
      "the genesis of another chain",
      withLine(2, lineOf(0, foreign)),
      `line 2: block ${foreign.id} begins another chain than that of ${genesis.id}`,
    ],
    [
      "a genesis that is none",
      withLine(2, lineOf(0, createBlock({ ...genesis, timestamp: 1n }))),
      "is not genesis: height, timestamp or parent is not 0",
    ],
    [
      "the head of another chain",
      changed(1, at(5).id, at(4).id),
      `line 10: the last block is ${at(5).id}, and not ${at(4).id} at height 5`,
    ],
    [
      "another height than the first line says",
      changed(1, '"height":5', '"height":6'),
      `line 10: the last block is ${at(5).id}, and not ${at(5).id} at height 6`,
    ],
    ["a chain of no block", [sound[0] ?? "", sound.at(-1) ?? ""], "line 2: the last block is none"],
    ["another number of blocks", changed(10, '"blocks":6', '"blocks":7'), "line 10: 6 blocks came, and not 7"],
    [
      "another number of proposals",
      changed(10, '"proposals":2', '"proposals":1'),
      "line 10: 2 proposals came, and not 1",
    ],
    ["a proposal that was left out", withLine(9), "line 9: 1 proposals came, and not 2"],
    ["a proposal that is there twice", withLine(9, sound[7] ?? ""), "line 9: the same proposal as in an earlier line"],
    ["a peer with a digit of another", changed(8, '"NodeID-', '"NodeID-2'), 'line 8: "peer" must be a node id'],
    ["a peer that is none", changed(8, '"NodeID-', '"'), 'line 8: "peer" must be a node id'],
    [
      "a block behind a proposal",
      sound.toSpliced(7, 0, sound[8] ?? "").with(8, sound[6] ?? ""),
      "line 9: a line of type block does not belong here",
    ],
    ["two chains", [...sound, ...sound], "line 11: something follows the end"],
    ["two first lines", [sound[0] ?? "", ...sound], "line 2: a line of type chain does not belong here"],
  ])("%s", (_name, lines, problem) => {
    const { code, out, err, files } = importLines(lines);
    expect(err).toStartWith("error: FILE");
    expect(err).toContain(problem);
    expect([code, out, files]).toEqual([1, "", []]);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  const signed = (validators: Uint8Array, more = {}) =>
    JSON.stringify({
      type: "attestation",
      height: 4,
      pChainHeight: 100,
      signatures: Buffer.from(validators).toString("base64"),
      ...more,
    });
  const treeOf = (more: object) => JSON.stringify({ ...JSON.parse(full[9] ?? ""), ...more });
  const zeros = (length: number) => Buffer.alloc(length).toString("base64");

  test.each<readonly [string, number, string | readonly string[], string]>([
    [
      "a time without a node",
      3,
      changedFull(3, `"seenBy":"${peer}",`, ""),
      '"seen" and "seenBy" must both be there, or neither',
    ],
    [
      "a node without a time",
      3,
      changedFull(3, /"seen":\d+,/, ""),
      '"seen" and "seenBy" must both be there, or neither',
    ],
    ["a time that is text", 3, changedFull(3, /"seen":(\d+)/, '"seen":"$1"'), '"seen" must be a whole number'],
    ["a time with a fraction", 3, changedFull(3, /"seen":\d+/, '"seen":1.5'), '"seen" must be a whole number'],
    ["a time beyond 63 bits", 3, changedFull(3, /"seen":\d+/, `"seen":${2n ** 63n}`), '"seen" must be a whole number'],
    ["a node that is none", 3, changedFull(3, '"NodeID-', '"NodeID-2'), '"seenBy" must be a node id'],
    ["a tree without a root", 10, treeOf({ root: undefined }), '"root" must be 64 hex digits'],
    ["a root in capitals", 10, treeOf({ root: "AB".repeat(32) }), '"root" must be 64 hex digits'],
    ["a root that is too short", 10, treeOf({ root: "ab" }), '"root" must be 64 hex digits'],
    ["a short secret", 10, treeOf({ secret: zeros(31) }), "its secret has 31 bytes instead of 32"],
    ["a secret that is no base64", 10, treeOf({ secret: "*" }), '"secret" must be padded base64'],
    ["a tree without a leaf", 10, treeOf({ leaves: "" }), "its leaves have 0 bytes, which is not 32 each"],
    ["a part of a leaf", 10, treeOf({ leaves: zeros(33) }), "its leaves have 33 bytes, which is not 32 each"],
    ["too many leaves", 10, treeOf({ leaves: zeros(32 * 4_097) }), "it has 4097 leaves, more than 4096"],
    ["an unknown key of a tree", 10, treeOf({ more: 1 }), 'unknown key "more"'],
    ["a tree that is there twice", 11, full[9] ?? "", "the same tree as in an earlier line"],
    ["a proposal behind a tree", 11, full[7] ?? "", "a line of type proposal does not belong here"],
    ["a tree behind an attestation", 13, full[9] ?? "", "a line of type tree does not belong here"],
    ["an attestation without a signature", 13, signed(new Uint8Array()), "its signatures have 0 bytes"],
    ["a part of a signature", 13, signed(new Uint8Array(115)), "its signatures have 115 bytes, which is not 116 each"],
    ["too many signatures", 13, signed(new Uint8Array(116 * 1_025)), "it has 1025 signatures, more than 1024"],
    ["two signatures of one node", 13, signed(new Uint8Array(232)), "its node ids do not ascend"],
    ["a P-chain below 0", 13, signed(one, { pChainHeight: -1 }), '"pChainHeight" must be a whole number from 0 to'],
    [
      "one beyond 63 bits",
      13,
      signed(one).replace("100", `${2n ** 63n}`),
      '"pChainHeight" must be a whole number from',
    ],
    ["an unknown key of one", 13, signed(one, { more: 1 }), 'unknown key "more"'],
    [
      "an attestation of no block",
      13,
      signed(one, { height: 6 }),
      "an attestation of height 6, of which there is no block",
    ],
    ["two of one block", 13, signed(one, { height: 1 }), "an attestation of height 1 behind that of height 1"],
    ["an order that is not the blocks'", 13, signed(one, { height: 0 }), "an attestation of height 0 behind that of"],
    ["an attestation that was left out", 13, [], "1 attestations came, and not 2"],
    ["another number of trees", 14, end({ trees: 3 }), "2 trees came, and not 3"],
    ["another number of attestations", 14, end({ attestations: 0 }), "2 attestations came, and not 0"],
    ["no number of trees", 14, end({ trees: undefined }), '"trees" must be a whole number from 0 up'],
  ])("of what came with version 2: %s", (_name, number, changed, problem) => {
    const { code, out, err, files } = importLines(full.toSpliced(number - 1, 1, ...[changed].flat()));
    expect(err).toContain(`error: FILE, line ${number}: ${problem}`);
    expect([code, out, files]).toEqual([1, "", []]);
  });

  test("attestations of more blocks than are kept", () => {
    const chain = [genesis, ...chainOn(genesis, 10_000)];
    const lines = linesOf({ blocks: chain, proposals: [] });
    const all = chain.map((_, height) => signed(one, { height }));
    const importAll = (attested: readonly string[]) =>
      importLines([
        ...lines.slice(0, -1),
        ...attested,
        end({ blocks: 10_001, proposals: 0, trees: 0, attestations: attested.length }),
      ]);
    expect(importAll(all.slice(1))).toMatchObject({ code: 0, err: "" });
    expect(importAll(all)).toMatchObject({
      code: 1,
      err: "error: FILE, line 20003: attestations of more than 10000 blocks\n",
      files: [],
    });
  });

  test("a proposal that is too large", () => {
    const data = (length: number) =>
      JSON.stringify({ type: "proposal", since: 1, data: Buffer.alloc(length).toString("base64") });
    expect(importLines(withLine(9, data(1_000_000)))).toMatchObject({ code: 0 });
    expect(importLines(withLine(9, data(1_000_001)))).toMatchObject({
      code: 1,
      err: "error: FILE, line 9: a proposal of 1000001 bytes, more than 1000000\n",
      files: [],
    });
  });

  test("a line that is longer than any can be", () => {
    const endless = Buffer.alloc(maxLineBytes + 1_000_000, "x");
    const text = Buffer.concat([Buffer.from(`${sound.slice(0, 4).join("\n")}\n`), endless]);
    expect(importText(text)).toEqual({
      code: 1,
      out: "",
      err: `error: FILE, line 5: longer than ${maxLineBytes} bytes\n`,
      files: [],
    });
  });

  test("bytes that are no text", () => {
    expect(importText(new Uint8Array([0xff, 0x00, 0xfe, 0x0a])).err).toBe("error: FILE, line 1: not JSON\n");
  });
});

describe("where something is already, db import", () => {
  const text = `${sound.join("\n")}\n`;

  function importBeside(prepare: (target: string) => void) {
    const directory = temporaryDirectory();
    const target = directory.file("timestampvm.db");
    prepare(target);
    writeFileSync(directory.file("chain.jsonl"), text);
    return { directory, target, ...db("import", directory.path, "--file", directory.file("chain.jsonl")) };
  }

  test.each<readonly [string, Content]>([
    ["another chain", { blocks: [foreign] }],
    ["the same genesis", { blocks: [genesis], rejected: [], proposals: [] }],
    ["proposals alone", { blocks: [], rejected: [], proposals: [proposal("waits")] }],
    ["trees alone", { blocks: [], rejected: [], proposals: [], trees }],
  ])("leaves %s as it is", (_name, content) => {
    const { directory, target, code, out, err } = importBeside((file) => makeDatabase(file, content));
    using _ = directory;
    expect([code, out, err]).toEqual([1, "", `error: ${target}: it holds a chain already; move it away first\n`]);
    const store = BlockStore.open(target);
    expect(store.getDecision(at(5).id)).toBeUndefined();
    expect(store.proposals.count()).toBe((content.proposals ?? [1, 2]).length);
    store.close();
  });

  test.each<readonly [string, (file: string) => void]>([
    ["an empty file", (file) => writeFileSync(file, "")],
    ["a database that holds nothing", (file) => makeDatabase(file, { blocks: [], rejected: [], proposals: [] })],
  ])("takes the place of %s", (_name, prepare) => {
    const { directory, target, code, err } = importBeside(prepare);
    using _ = directory;
    expect([code, err]).toEqual([0, ""]);
    expect(exported(target)).toEqual(sound);
    expect(readdirSync(directory.path).sort()).toEqual(["chain.jsonl", "timestampvm.db"]);
  });

  test("follows no link, and leaves what stands beside its place", () => {
    const { directory, target, code } = importBeside((file) => {
      writeFileSync(`${file}.precious`, "theirs");
      symlinkSync(`${file}.precious`, `${file}.unfinished`);
      makeDatabase(`${file}.unfinished-wal`, { blocks: [foreign] });
    });
    using _ = directory;
    expect([code, exported(target)]).toEqual([0, sound]);
    expect(readFileSync(`${target}.precious`, "utf8")).toBe("theirs");
    expect(exported(`${target}.unfinished-wal`)[1]).toBe(lineOf(0, foreign));
    expect(readdirSync(directory.path)).toHaveLength(5);
  });

  test.each(["-wal", "-journal"])("does not put a new file beside an old %s", (end) => {
    const { directory, target, code, err } = importBeside((file) => writeFileSync(`${file}${end}`, "old"));
    using _ = directory;
    expect([code, err]).toEqual([
      1,
      `error: ${target}${end}: it belongs to a database that was here; move it away first\n`,
    ]);
    expect(readFileSync(`${target}${end}`, "utf8")).toBe("old");
    expect(existsSync(target)).toBeFalse();
  });

  test("leaves a file alone that is not ours", () => {
    const { directory, code, err } = importBeside((file) => writeFileSync(file, "x".repeat(20_000)));
    using _ = directory;
    expect([code, err]).toEqual([1, expect.stringContaining("it is not a database of timestampvm")]);
  });

  test("leaves a database alone that is in use", () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("chain.jsonl"), text);
    const store = BlockStore.open(directory.file("timestampvm.db"));
    const { code, err } = db("import", directory.path, "--file", directory.file("chain.jsonl"));
    expect([code, err]).toEqual([1, expect.stringContaining("timestampvm.db is in use by another process")]);
    store.acceptAll(blocks);
    store.close();
  });
});

test("what db import makes is for its user alone", () => {
  using directory = temporaryDirectory();
  writeFileSync(directory.file("chain.jsonl"), `${sound.join("\n")}\n`);
  const umask = process.umask(0);
  try {
    expect(db("import", directory.file("data/deep"), "--file", directory.file("chain.jsonl")).code).toBe(0);
  } finally {
    process.umask(umask);
  }
  const modeOf = (path: string) => statSync(directory.file(path)).mode & 0o777;
  expect(["data", "data/deep", "data/deep/timestampvm.db"].map(modeOf)).toEqual([0o700, 0o700, 0o600]);
});

describe("an export that is none", () => {
  test("is named as it was given, and nothing is made for it", () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("empty"), "");
    for (const [name, problem] of [
      ["missing", "there is no such file or directory"],
      [".", "it is a directory"],
      ["empty", "it is empty"],
    ] as const) {
      const file = directory.file(name);
      const ran = db("import", directory.file("data/deep"), "--file", file);
      expect(ran).toEqual({ code: 1, out: "", err: `error: ${file}: ${problem}\n` });
    }
    expect(readdirSync(directory.path)).toEqual(["empty"]);
  });

  test("leaves no directory that was made for it, and each that was there", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.jsonl");
    writeFileSync(file, `${sound.slice(0, 4).join("\n")}\n`);
    mkdirSync(directory.file("mine"));
    expect(db("import", directory.file("mine/data/deep"), "--file", file).code).toBe(1);
    expect(readdirSync(directory.path, { recursive: true }).sort()).toEqual(["chain.jsonl", "mine"]);
  });
});

describe("a path", () => {
  test("of a directory that is not there yet is one, and one that ends in .db is the file", () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("chain.jsonl"), `${sound.join("\n")}\n`);
    for (const path of ["data/2Z4U", "copy.db"]) {
      expect(db("import", directory.file(path), "--file", directory.file("chain.jsonl")).code).toBe(0);
    }
    expect(existsSync(directory.file("data/2Z4U/timestampvm.db"))).toBeTrue();
    expect(exported(directory.file("copy.db"))).toEqual(sound);
  });
});

describe.each(["check", "export", "rollback"])("db %s", (command) => {
  const more = command === "rollback" ? ["--to", "0"] : [];

  test("of what is not there says so, and makes nothing", () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("empty"));
    for (const [path, named] of [
      ["x.db", "x.db"],
      ["x", "x/timestampvm.db"],
      ["empty", "empty/timestampvm.db"],
    ] as const) {
      expect(db(command, directory.file(path), ...more)).toEqual({
        code: 1,
        out: "",
        err: `error: ${directory.file(named)}: there is no such file\n`,
      });
    }
    expect([readdirSync(directory.path), readdirSync(directory.file("empty"))]).toEqual([["empty"], []]);
  });

  test("of a database in use says so", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("timestampvm.db"));
    store.acceptAll(blocks);
    const { code, out, err } = db(command, directory.path, ...more);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining("is in use by another process")]);
    expect(store.lastHeight()).toBe(5n);
    store.close();
  });

  test("of something else than a database of ours says so, and leaves it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    for (const content of ["", "junk".repeat(9_999)]) {
      writeFileSync(file, content);
      const { code, out, err } = db(command, file, ...more);
      expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^error: .*timestampvm\.db: [a-z]/)]);
      expect(readFileSync(file, "utf8")).toBe(content);
    }
  });

  test.each([[], ["a", "b"], ["a", "--nope"]])("used wrongly exits with 2: %p", (...args) => {
    const { code, out } = db(command, ...args, ...more);
    expect([code, out]).toEqual([2, ""]);
  });
});

test.each(["export", "rollback"])("db %s of a database without a block says so", (command) => {
  using directory = temporaryDirectory();
  const file = directory.file("timestampvm.db");
  makeDatabase(file, { blocks: [], rejected: [], proposals: [] });
  const more = command === "rollback" ? ["--to", "0"] : [];
  expect(db(command, file, ...more)).toEqual({ code: 1, out: "", err: `error: ${file}: it holds no block\n` });
});

describe("the help of db", () => {
  test("names the four commands", () => {
    const { code, out } = db("--help");
    expect(code).toBe(0);
    for (const name of ["check", "rollback", "export", "import"]) expect(out).toContain(`\n  ${name} `);
  });

  test.each(["check", "rollback", "export", "import"])("of %s says how to use it", (command) => {
    const { code, out, err } = db(command, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`Usage: timestampvm db ${command} [options] <database>`);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test.each([[], ["nope"], ["import", "x.db"]])("is pointed to by wrong use: %p", (...args) => {
    expect(db(...args).code).toBe(2);
  });
});
