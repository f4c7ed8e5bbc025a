import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { idToBytes } from "../../src/avalanche/id.ts";
import { createBlock, parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, childOf, genesis } from "../support/chain.ts";
import { makeOldFile } from "../support/old-file.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, type Content, damage, db, exported, loser, makeDatabase, proposal } from "./db-support.ts";

const at = (height: number) => blocks[height] ?? genesis;

/** The problems that a check of this content reports, after `change`. */
function problemsOf(content: Content, change: (file: string) => void = () => {}): string[] {
  using directory = temporaryDirectory();
  const file = directory.file("timestampvm.db");
  makeDatabase(file, content);
  change(file);
  const { code, out, err } = db("check", file);
  const problems = out.split("\n").filter((line) => line.startsWith("problem: "));
  expect(code).toBe(problems.length > 0 ? 1 : 0);
  if (code === 1) expect(err).toContain(`error: ${file} is not sound: ${problems.length} problem`);
  else expect([out.endsWith("\nsound\n"), err]).toEqual([true, ""]);
  return problems.map((line) => line.slice("problem: ".length));
}

describe("of a sound database, db check", () => {
  test("says what is there, and exits with 0", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const instanceId = makeDatabase(file);
    const size = readFileSync(file).length.toLocaleString("en-US");
    const out = [
      `file           ${file}`,
      `size           ${size} bytes`,
      `instance id    ${instanceId.toHex()}`,
      `genesis        ${genesis.id}`,
      `last accepted  ${at(5).id}`,
      "height         5",
      "blocks         6 accepted, 1 rejected",
      "proposals      2 waiting, 17 bytes",
      "sound",
    ];
    expect(db("check", file)).toEqual({ code: 0, out: `${out.join("\n")}\n`, err: "" });
    expect(db("check", directory.path), "the directory says the same").toEqual(db("check", file));
  });

  test("leaves every byte of the file as it is, and nothing beside it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const before = readFileSync(file);
    db("check", file);
    expect(readFileSync(file).equals(before)).toBeTrue();
    expect([existsSync(`${file}-wal`), existsSync(`${file}-shm`), existsSync(`${file}-journal`)]).not.toContain(true);
  });

  test("sees what a killed plugin left in the write-ahead log", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("running.db"));
    store.acceptAll(blocks);
    const file = directory.file("timestampvm.db");
    for (const end of ["", "-wal"]) copyFileSync(directory.file(`running.db${end}`), `${file}${end}`);
    store.close();
    const { code, out } = db("check", file);
    expect([code, out]).toEqual([0, expect.stringContaining(`last accepted  ${at(5).id}\n`)]);
  });

  test("says that a file without a block is sound: a chain begins in it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file, { blocks: [], rejected: [], proposals: [] });
    const { code, out } = db("check", file);
    expect(code).toBe(0);
    expect(out).toContain("last accepted  none\nheight         none\nblocks         0 accepted, 0 rejected\n");
  });

  test.each([1, 2] as const)("takes a file of schema %i, and leaves it that", (version) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const waiting = version === 2 ? [bytesOf("waits")] : [];
    makeOldFile(file, version, { accepted: blocks, rejected: [childOf(at(3), "x")], waiting });
    const { code, out } = db("check", file);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`proposals      ${version === 2 ? "1 waiting, 5" : "0 waiting, 0"} bytes\nsound\n`),
    ]);
    using again = new Database(file, { readonly: true });
    expect(again.query("PRAGMA user_version").values()).toEqual([[version]]);
  });

  test.each([
    [1, "accepted_by_height"],
    [2, "accepted_by_height"],
    [2, "rejected_by_height"],
    [2, "mempool"],
  ] as const)("misses in a file of schema %i what that has: %s", (version, name) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOldFile(file, version, { accepted: blocks });
    damage(file, name === "mempool" ? "DROP TABLE mempool" : `DROP INDEX ${name}`);
    const { code, out } = db("check", file);
    expect([code, out]).toEqual([1, expect.stringContaining(`problem: ${name} is missing\n`)]);
  });

  test("takes what came while the clock was before 1970, and db import does, too", () => {
    using directory = temporaryDirectory();
    const [file, copy, lines] = ["timestampvm.db", "copy.db", "chain.jsonl"].map(directory.file) as [
      string,
      string,
      string,
    ];
    makeDatabase(file, {
      proposals: [
        { ...proposal("early"), since: -1n },
        { ...proposal("earlier"), since: -(2n ** 40n) },
      ],
    });
    expect(db("check", file).code).toBe(0);
    expect(db("export", file, "--file", lines).code).toBe(0);
    expect(db("import", copy, "--file", lines).code).toBe(0);
    expect(exported(copy)).toEqual(exported(file));
  });

  test("takes blocks that are not in the canonical form, large ones, and heights that others lost", () => {
    const large = parseBlock(new Uint8Array([...childOf(at(5), new Uint8Array(1_000_001)).bytes, 0x0a, 0x20]));
    const rejected = [childOf(at(3), "x"), childOf(at(3), "y"), childOf(childOf(at(5), "z"), "above the head")];
    expect(problemsOf({ blocks: [...blocks, large], rejected })).toEqual([]);
  });
});

describe("db check finds in a block:", () => {
  const flipped = new Uint8Array(at(3).bytes);
  flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1;
  const damagedThree = `block ${at(3).id} at height 3 is damaged: its bytes are not those of its id`;

  test.each([
    ["one flipped bit", "UPDATE blocks SET bytes = ? WHERE height = 3", [flipped], [damagedThree]],
    ["bytes that are no block", "UPDATE blocks SET bytes = x'00' WHERE height = 3", [], [damagedThree]],
    ["the bytes of another block", "UPDATE blocks SET bytes = ? WHERE height = 3", [at(2).bytes], [damagedThree]],
    [
      "a wrong height",
      "UPDATE blocks SET height = 9 WHERE height = 5",
      [],
      ["no block is accepted at heights 5 to 8", `block ${at(5).id} stands at height 9, and has height 5`],
    ],
    [
      "a wrong timestamp",
      "UPDATE blocks SET timestamp = 7 WHERE height = 3",
      [],
      [`block ${at(3).id} stands at height 3 with timestamp 7, and has ${at(3).timestamp}`],
    ],
    [
      "the digest of other data",
      "UPDATE blocks SET digest = zeroblob(32) WHERE height = 3",
      [],
      [`block ${at(3).id} stands at height 3 with the digest of other data`],
    ],
    ["that it is missing", "DELETE FROM blocks WHERE height = 3", [], ["no block is accepted at height 3"]],
    [
      "that the first is missing",
      "DELETE FROM blocks WHERE height < 2",
      [],
      ["no block is accepted at heights 0 to 1"],
    ],
  ] as const)("%s", (_name, sql, values, problems) => {
    expect(problemsOf({ rejected: [] }, (file) => damage(file, sql, ...values))).toEqual([...problems]);
  });

  test("a key of a wrong length", () => {
    const problems = problemsOf({}, (file) => damage(file, "UPDATE blocks SET key = x'00' WHERE height = 3"));
    expect(problems).toContain("block of a damaged id at height 3 is damaged: its bytes are not those of its id");
    expect(problems).toContain("SQLite says: CHECK constraint failed in blocks");
  });

  test("a key that begins as no block's", () => {
    const key = new Uint8Array([0x00, 0x30, ...idToBytes(at(3).id)]);
    const change = (file: string) => damage(file, "UPDATE blocks SET key = ? WHERE height = 3", key);
    expect(problemsOf({}, change)).toEqual([damagedThree]);
  });

  test("that it says another height than the one it stands at, and nothing else", () => {
    const wrong = createBlock({ ...at(5), height: 7n });
    const content = { blocks: [...blocks.slice(0, 5), wrong] };
    expect(problemsOf(content, (file) => damage(file, "UPDATE blocks SET height = 5 WHERE height = 7"))).toEqual([
      `block ${wrong.id} stands at height 5, and has height 7`,
    ]);
  });

  test("a parent that is not the block below", () => {
    const stranger = childOf(childOf(at(1), "other"), "stranger");
    expect(problemsOf({ blocks: [...blocks.slice(0, 3), stranger, ...blocks.slice(4)] })).toEqual([
      `block ${stranger.id} at height 3 has parent ${stranger.parentId}, not ${at(2).id}`,
      `block ${at(4).id} at height 4 has parent ${at(3).id}, not ${stranger.id}`,
    ]);
  });

  test("a parent that is not the damaged block below", () => {
    const stranger = childOf(childOf(at(1), "other"), "stranger");
    const content = { blocks: [...blocks.slice(0, 3), stranger] };
    const problems = problemsOf(content, (file) => damage(file, "UPDATE blocks SET bytes = x'' WHERE height = 2"));
    expect(problems).toEqual([
      `block ${at(2).id} at height 2 is damaged: its bytes are not those of its id`,
      `block ${stranger.id} at height 3 has parent ${stranger.parentId}, not ${at(2).id}`,
    ]);
  });

  test("a time before its parent's", () => {
    const early = childOf(at(5), "early", at(5).timestamp - 1n);
    const { timestamp } = early;
    expect(problemsOf({ blocks: [...blocks, early] })).toEqual([
      `block ${early.id} at height 6 breaks a rule: timestamp ${timestamp} is before the parent's timestamp ${timestamp + 1n}`,
    ]);
  });

  test.each([
    ["with a time", { ...genesis, timestamp: 1n }],
    ["with a parent", { ...genesis, parentId: at(1).id }],
  ])("a genesis %s", (_name, fields) => {
    const first = createBlock(fields);
    expect(problemsOf({ blocks: [first] })).toEqual([
      `block ${first.id} at height 0 is no genesis: height 0, timestamp 0 and no parent`,
    ]);
  });
});

describe("db check finds beside the blocks:", () => {
  const digest = digestOf(new Uint8Array(1));
  test.each([
    [
      "a rejected block with content",
      "UPDATE blocks SET timestamp = 1 WHERE status = 2",
      `the rejected block ${loser.id} is damaged`,
    ],
    [
      "a rejected genesis",
      "UPDATE blocks SET height = 0 WHERE status = 2",
      `the rejected block ${loser.id} is damaged`,
    ],
    [
      "a rejected block with a damaged key",
      "UPDATE blocks SET key = x'00' WHERE status = 2",
      "the rejected block in row 7 has a damaged key",
    ],
    [
      "a proposal with other data",
      "UPDATE mempool SET data = x'00' WHERE position = 1",
      "the proposal at position 1 is damaged",
    ],
    [
      "a proposal with another digest",
      `UPDATE mempool SET digest = x'${digest}' WHERE position = 2`,
      "the proposal at position 2 is damaged",
    ],
    [
      "a proposal of a peer without a node id's name",
      "UPDATE mempool SET peer = substr(peer, 8) WHERE position = 1",
      "the proposal at position 1 came from a peer that is no node id",
    ],
    [
      "a proposal of a peer with a digit of another",
      "UPDATE mempool SET peer = substr(peer, 1, 20) || 'z' || substr(peer, 22) WHERE position = 1",
      "the proposal at position 1 came from a peer that is no node id",
    ],
    [
      "a proposal of a peer that is shorter",
      "UPDATE mempool SET peer = 'NodeID-45PJLL' WHERE position = 1",
      "the proposal at position 1 came from a peer that is no node id",
    ],
    ["an instance id of a wrong length", "UPDATE meta SET value = x'00'", "the instance id is damaged"],
    ["no instance id", "DELETE FROM meta", "the instance id is missing"],
    ["no index of heights", "DROP INDEX accepted_by_height", "accepted_by_height is missing"],
    ["no index of digests", "DROP INDEX accepted_by_digest", "accepted_by_digest is missing"],
    ["no index of timestamps", "DROP INDEX accepted_by_timestamp", "accepted_by_timestamp is missing"],
    [
      "an index of other digests",
      "DROP INDEX accepted_by_digest; CREATE INDEX accepted_by_digest ON blocks (digest, height) WHERE status = 3",
      "accepted_by_digest is not as timestampvm makes it",
    ],
    ["a table without its rules", "ALTER TABLE meta ADD COLUMN more INTEGER", "meta is not as timestampvm makes it"],
    ["no table of proposals", "DROP TABLE mempool", "mempool is missing"],
  ])("%s", (_name, sql, problem) => {
    expect(problemsOf({}, (file) => damage(file, sql))).toContain(problem);
  });

  test("a proposal that is too large", () => {
    expect(
      problemsOf({ proposals: [proposal(new Uint8Array(1_000_000)), proposal(new Uint8Array(1_000_001))] }),
    ).toEqual(["the proposal at position 2 has 1000001 bytes, more than 1000000"]);
  });
});

describe("of much damage, db check", () => {
  test("prints the first twenty problems, and how many more there are", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    let last = genesis;
    const chain = [genesis, ...Array.from({ length: 30 }, (_, i) => (last = childOf(last, `${i}`)))];
    makeDatabase(file, { blocks: chain });
    damage(file, "UPDATE blocks SET digest = zeroblob(32) WHERE height BETWEEN 3 AND 24");
    const { code, out, err } = db("check", file);
    expect([code, out.match(/^problem: /gm)?.length]).toEqual([1, 20]);
    expect(out).toContain("and 2 problems more\n");
    expect(err).toContain("22 problems\n");
    expect(err).toContain("only what lies above height 2, with db rollback --to 2");
  });

  test.each([
    ["the pages behind the first", (bytes: Uint8Array) => bytes.fill(0xff, 16_384)],
    [
      "every second page",
      (bytes: Uint8Array) => {
        for (let page = 1; page * 16_384 < bytes.length; page += 2) bytes.fill(0, page * 16_384, (page + 1) * 16_384);
      },
    ],
  ])("reads what is left: without %s", (_name, change) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const bytes = readFileSync(file);
    change(bytes);
    writeFileSync(file, bytes);
    const { code, out } = db("check", file);
    expect([code, out]).toEqual([1, expect.stringContaining("problem: ")]);
    expect(out).toContain("instance id ");
  });

  test("never says that a file is sound that has lost something", () => {
    using directory = temporaryDirectory();
    const whole = directory.file("whole.db");
    makeDatabase(whole);
    const wanted = contentOf(whole);
    const bytes = readFileSync(whole);
    const hit = fc.record({ at: fc.nat(bytes.length - 1), wrong: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
    const file = directory.file("timestampvm.db");
    let unsound = 0;
    fc.assert(
      fc.property(fc.array(hit, { minLength: 1, maxLength: 8 }), (hits) => {
        const damaged = Buffer.from(bytes);
        for (const { at: start, wrong } of hits) damaged.set(wrong.subarray(0, damaged.length - start), start);
        writeFileSync(file, damaged);
        if (db("check", file).code === 0) expect(contentOf(file)).toEqual(wanted);
        else unsound++;
      }),
      { numRuns: runs(150, 10_000) },
    );
    expect(unsound).toBeGreaterThan(0);
  });

  /** Blocks, and the data of proposals: all that has a checksum. */
  function contentOf(file: string): string[] {
    return exported(file)
      .slice(1)
      .map((line) => line.replace(/^\{"type":"proposal".*"data"/, ""));
  }

  test.each([50, 16_384, 20_000, 49_152])("a file that was cut to %i bytes is refused, or has problems", (length) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    truncateSync(file, length);
    expect(db("check", file).code).toBe(1);
  });
});
