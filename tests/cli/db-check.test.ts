import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { idToBytes } from "../../src/avalanche/id.ts";
import { type Block, createBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, childOf, genesis, peer, spaced } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, type Content, damage, db, exported, loser, makeDatabase, proposal } from "./db-support.ts";

const at = (height: number) => blocks[height] ?? genesis;

/** Blocks whose bytes are stored, since no others would do. */
const receivedChain: Block[] = [genesis];
for (let height = 1; height <= 5; height++) {
  receivedChain.push(spaced(childOf(receivedChain.at(-1) ?? genesis, `received ${height}`)));
}
const receivedAt = (height: number) => receivedChain[height] ?? genesis;

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
    const large = spaced(childOf(at(5), new Uint8Array(1_000_001)));
    const rejected = [childOf(at(3), "x"), childOf(at(3), "y"), childOf(childOf(at(5), "z"), "above the head")];
    expect(
      problemsOf({ blocks: [...blocks, large, childOf(large), spaced(childOf(childOf(large)))], rejected }),
    ).toEqual([]);
    expect(problemsOf({ blocks: receivedChain })).toEqual([]);
  });
});

describe("db check finds in a block:", () => {
  const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 1 : byte));
  const isDamaged = "is damaged: its bytes do not match its id";
  const damagedThree = `block ${at(3).id} at height 3 ${isDamaged}`;

  test.each([
    ["one flipped bit", "UPDATE blocks SET data = ? WHERE height = 3", [flipped(at(3).data)], [damagedThree]],
    ["the data of another block", "UPDATE blocks SET data = ? WHERE height = 3", [at(2).data], [damagedThree]],
    ["bytes that are no block", "UPDATE blocks SET data = NULL, bytes = x'00' WHERE height = 3", [], [damagedThree]],
    ["other bytes", "UPDATE blocks SET data = NULL, bytes = ? WHERE height = 3", [at(2).bytes], [damagedThree]],
    ["a wrong timestamp", "UPDATE blocks SET timestamp = 7 WHERE height = 3", [], [damagedThree]],
    [
      "more bytes than need be stored",
      "UPDATE blocks SET data = NULL, bytes = ? WHERE height = 3",
      [at(3).bytes],
      [`block ${at(3).id} is stored at height 3 with all its bytes, though its data is enough`],
    ],
    [
      "the height of another",
      "UPDATE blocks SET height = 9 WHERE height = 5",
      [],
      [
        "no block is accepted at heights 5 to 8",
        `block ${at(5).id} at height 9 cannot be restored without the block below`,
      ],
    ],
    [
      "the key of another",
      "UPDATE blocks SET key = ? WHERE height = 3",
      [blockKey(at(2).id)],
      [`block ${at(2).id} at height 3 ${isDamaged}`, `block ${at(4).id} at height 4 ${isDamaged}`],
    ],
    [
      "a key that begins as no block's",
      "UPDATE blocks SET key = ? WHERE height = 3",
      [new Uint8Array([0x00, 0x30, ...idToBytes(at(3).id)])],
      [
        `block of a damaged id at height 3 ${isDamaged}`,
        `block ${at(4).id} at height 4 cannot be restored without the block below`,
      ],
    ],
    [
      "that it is missing",
      "DELETE FROM blocks WHERE height = 3",
      [],
      ["no block is accepted at height 3", `block ${at(4).id} at height 4 cannot be restored without the block below`],
    ],
    [
      "that the first is missing",
      "DELETE FROM blocks WHERE height < 2",
      [],
      [
        "no block is accepted at heights 0 to 1",
        `block ${at(2).id} at height 2 cannot be restored without the block below`,
      ],
    ],
    [
      "that it was seen by nobody",
      "UPDATE blocks SET seen = 1, source = 7 WHERE height = 3",
      [],
      ["row 3 of blocks refers to a missing row of sources"],
    ],
  ] as const)("%s", (_name, sql, values, problems) => {
    expect(problemsOf({ rejected: [] }, (file) => damage(file, sql, ...values))).toEqual([...problems]);
  });

  test.each([
    [
      "one flipped bit",
      "UPDATE blocks SET bytes = ? WHERE height = 3",
      [flipped(receivedAt(3).bytes)],
      [`block ${receivedAt(3).id} at height 3 ${isDamaged}`],
    ],
    [
      "a wrong height",
      "UPDATE blocks SET height = 9 WHERE height = 5",
      [],
      ["no block is accepted at heights 5 to 8", `block ${receivedAt(5).id} is stored at height 9, but has height 5`],
    ],
    [
      "a wrong timestamp",
      "UPDATE blocks SET timestamp = 7 WHERE height = 3",
      [],
      [`block ${receivedAt(3).id} is stored at height 3 with timestamp 7, but has ${receivedAt(3).timestamp}`],
    ],
    ["that it is missing", "DELETE FROM blocks WHERE height = 3", [], ["no block is accepted at height 3"]],
    [
      "that the first is missing",
      "DELETE FROM blocks WHERE height < 2",
      [],
      ["no block is accepted at heights 0 to 1"],
    ],
  ] as const)("that is stored as it was received: %s", (_name, sql, values, problems) => {
    expect(problemsOf({ blocks: receivedChain }, (file) => damage(file, sql, ...values))).toEqual([...problems]);
  });

  test("a key of a wrong length", () => {
    const problems = problemsOf({}, (file) => damage(file, "UPDATE blocks SET key = x'00' WHERE height = 3"));
    expect(problems).toContain(`block of a damaged id at height 3 ${isDamaged}`);
    expect(problems).toContain("SQLite says: CHECK constraint failed in blocks");
  });

  test("that it was seen at no time", () => {
    const problems = problemsOf({}, (file) =>
      damage(file, `INSERT INTO sources VALUES (7, '${peer}', 0); UPDATE blocks SET source = 7 WHERE height = 3`),
    );
    expect(problems).toEqual(["SQLite says: CHECK constraint failed in blocks"]);
  });

  test("that it says another height than the one it stands at, and nothing else", () => {
    const wrong = spaced(createBlock({ ...at(5), height: 7n }));
    const content = { blocks: [...blocks.slice(0, 5), wrong] };
    expect(problemsOf(content, (file) => damage(file, "UPDATE blocks SET height = 5 WHERE height = 7"))).toEqual([
      `block ${wrong.id} is stored at height 5, but has height 7`,
    ]);
  });

  test("a parent that is not the block below", () => {
    const stranger = spaced(childOf(childOf(at(1), "other"), "stranger"));
    const above = spaced(at(4));
    expect(problemsOf({ blocks: [...blocks.slice(0, 3), stranger, above] })).toEqual([
      `block ${stranger.id} at height 3 has parent ${stranger.parentId}, not ${at(2).id}`,
      `block ${above.id} at height 4 has parent ${at(3).id}, not ${stranger.id}`,
    ]);
  });

  test("a parent that is not the damaged block below", () => {
    const stranger = spaced(childOf(childOf(at(1), "other"), "stranger"));
    const content = { blocks: [...blocks.slice(0, 3), stranger] };
    const problems = problemsOf(content, (file) => damage(file, "UPDATE blocks SET data = x'' WHERE height = 2"));
    expect(problems).toEqual([
      `block ${at(2).id} at height 2 ${isDamaged}`,
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
    ["with a time", createBlock({ ...genesis, timestamp: 1n })],
    ["with a parent", spaced(createBlock({ ...genesis, parentId: at(1).id }))],
  ])("a genesis %s", (_name, first) => {
    expect(problemsOf({ blocks: [first] })).toEqual([
      `block ${first.id} at height 0 is not genesis: height, timestamp or parent is not 0`,
    ]);
  });
});

describe("db check finds in the index of digests:", () => {
  const chain = [genesis, ...chainOn(genesis, 2_100)];
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeAll(() => {
    directory = temporaryDirectory();
    makeDatabase(directory.file("whole.db"), { blocks: chain });
    using database = new Database(directory.file("whole.db"), { readonly: true });
    expect(database.query("SELECT count(*) FROM digests").values()).toEqual([[chain.length]]);
  });
  afterAll(() => directory[Symbol.dispose]());

  function problemsAfter(sql: string): string[] {
    return problemsOf({ blocks: [], rejected: [], proposals: [] }, (file) => {
      copyFileSync(directory.file("whole.db"), file);
      damage(file, sql);
    });
  }

  const lacksSeven = `block ${chain[7]?.id} at height 7 is not in the index of digests`;
  const hasOne = "has entries of missing blocks: 1";
  const indexed = (height: number) => {
    const value = Buffer.alloc(8);
    value.writeBigInt64BE(BigInt(height));
    return `UPDATE meta SET value = x'${value.toString("hex")}' WHERE name = 'digests_indexed'`;
  };

  test.each([
    ["nothing where nothing is wrong", "SELECT 1", []],
    ["that a block is missing", "DELETE FROM digests WHERE height = 7", [lacksSeven]],
    ["another digest", "UPDATE digests SET prefix = zeroblob(8) WHERE height = 7", [lacksSeven, hasOne]],
    ["another height", "UPDATE digests SET height = 2101 WHERE height = 7", [lacksSeven, hasOne]],
    ["an entry too many", "INSERT INTO digests VALUES (zeroblob(8), 7)", [hasOne]],
    ["an entry above the head", "INSERT INTO digests VALUES (zeroblob(8), 9999)", [hasOne]],
    ["entries above where it ends", indexed(99), ["has entries of missing blocks: 2001"]],
    [
      "that nobody knows where it ends",
      "DELETE FROM meta WHERE name = 'digests_indexed'",
      ["has entries of missing blocks: 2101"],
    ],
    [
      "an end that is none",
      "UPDATE meta SET value = x'00' WHERE name = 'digests_indexed'",
      ["cannot be read: the meta row digests_indexed is damaged"],
    ],
    ["an end above the head", indexed(2_101), ["ends at height 2101, and the chain at 2100"]],
    [
      "an end below any block",
      indexed(-2),
      ["ends at height -2, and the chain at 2100", "has entries of missing blocks: 2101"],
    ],
  ])("%s", (_name, sql, problems) => {
    expect(problemsAfter(sql)).toEqual(
      problems.map((problem) => (problem === lacksSeven ? problem : `the index of digests ${problem}`)),
    );
  });
});

describe("db check finds beside the blocks:", () => {
  const digest = digestOf(new Uint8Array(1));
  const node = "INSERT INTO sources VALUES (7, 'NodeID-45PJLL', 0)";
  const [root, secret, leaf] = ["zeroblob(32)", "zeroblob(32)", "zeroblob(32)"];
  const signature = `zeroblob(${20 + 96})`;
  test.each([
    ["a rejected genesis", "UPDATE rejected SET height = 0", `the rejected block ${loser.id} is damaged`],
    ["a rejected block with a damaged key", "UPDATE rejected SET key = x'00'", "a rejected block has a damaged key"],
    [
      "a rejected block with a key that begins as none",
      "UPDATE rejected SET key = CAST(x'0030' || substr(key, 3) AS BLOB)",
      "a rejected block has a damaged key",
    ],
    [
      "a rejected block that is accepted as well",
      "INSERT INTO rejected SELECT key, height FROM blocks WHERE height = 2",
      `the rejected block ${at(2).id} is accepted as well`,
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
      "a proposal that is there twice",
      "INSERT INTO mempool SELECT 9, digest, since, peer, data FROM mempool WHERE position = 2",
      "the proposal at position 9 waits a second time",
    ],
    [
      "a proposal of a peer without a node id's name",
      "UPDATE mempool SET peer = substr(peer, 8) WHERE position = 1",
      "the proposal at position 1 came from a peer with a malformed node id",
    ],
    [
      "a proposal of a peer with a digit of another",
      "UPDATE mempool SET peer = substr(peer, 1, 20) || 'z' || substr(peer, 22) WHERE position = 1",
      "the proposal at position 1 came from a peer with a malformed node id",
    ],
    [
      "a proposal of a peer that is shorter",
      "UPDATE mempool SET peer = 'NodeID-45PJLL' WHERE position = 1",
      "the proposal at position 1 came from a peer with a malformed node id",
    ],
    ["that who saw blocks is no node", node, "source 7 of first sights has a malformed node id"],
    [
      "a tree without leaves",
      `INSERT INTO trees VALUES (1, ${root}, ${secret}, x'')`,
      "tree 1 is damaged: its leaves have 0 bytes, which is not 32 each",
    ],
    [
      "a tree of a short secret",
      `INSERT INTO trees VALUES (1, ${root}, x'00', ${leaf})`,
      "tree 1 is damaged: its secret has 1 bytes instead of 32",
    ],
    [
      "a tree of a short root",
      `INSERT INTO trees VALUES (1, x'00', ${secret}, ${leaf})`,
      "tree 1 cannot be read: its root is damaged",
    ],
    [
      "a leaf of no tree",
      "INSERT INTO leaves VALUES (zeroblob(8), 1)",
      "the index of leaves has entries of missing trees: 1",
    ],
    [
      "half a signature",
      `INSERT INTO attestations VALUES (3, 0, zeroblob(58))`,
      "the attestation of height 3 is damaged: its signatures have 58 bytes, which is not 116 each",
    ],
    [
      "two signatures of one node",
      `INSERT INTO attestations VALUES (3, 0, zeroblob(${2 * 116}))`,
      "the attestation of height 3 is damaged: its node ids do not ascend",
    ],
    [
      "signatures of no block",
      `INSERT INTO attestations VALUES (6, 0, ${signature})`,
      "the attestation of height 6 is damaged: there is no such block",
    ],
    [
      "signatures at no height",
      `INSERT INTO attestations VALUES (3, -1, ${signature})`,
      "the attestation of height 3 is damaged: its height of the P-chain is below 0",
    ],
    ["an instance id of a wrong length", "UPDATE meta SET value = x'00'", "the instance id is damaged"],
    ["no instance id", "DELETE FROM meta", "the instance id is missing"],
    ["no index of ids", "DROP INDEX blocks_by_id", "blocks_by_id is missing"],
    ["no index of rejected heights", "DROP INDEX rejected_by_height", "rejected_by_height is missing"],
    ["no index of digests", "DROP TABLE digests", "digests is missing"],
    [
      "an index of other ids",
      "DROP INDEX blocks_by_id; CREATE INDEX blocks_by_id ON blocks (substr(key, 3, 9))",
      "blocks_by_id is not as timestampvm makes it",
    ],
    ["a table without its rules", "ALTER TABLE meta ADD COLUMN more INTEGER", "meta is not as timestampvm makes it"],
    ["no table of proposals", "DROP TABLE mempool", "mempool is missing"],
    ["no table of rejected blocks", "DROP TABLE rejected", "rejected is missing"],
    ["no table of blocks", "DROP TABLE blocks", "blocks is missing"],
  ])("%s", (_name, sql, problem) => {
    expect(problemsOf({}, (file) => damage(file, sql))).toContain(problem);
  });

  test("nothing in trees and attestations that are whole", () => {
    const sql = `
      INSERT INTO trees VALUES (1, ${root}, ${secret}, zeroblob(${32 * 4_096}));
      INSERT INTO leaves VALUES (zeroblob(8), 1);
      INSERT INTO attestations VALUES (3, 0, ${signature});
    `;
    expect(problemsOf({}, (file) => damage(file, sql))).toEqual([]);
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
    damage(file, "UPDATE blocks SET data = x'00' WHERE height BETWEEN 3 AND 24");
    const { code, out, err } = db("check", file);
    expect([code, out.match(/^problem: /gm)?.length]).toEqual([1, 20]);
    expect(out).toContain("and 2 problems more\n");
    expect(err).toContain("22 problems\n");
    expect(err).toContain("only what lies above height 2, with db rollback --to 2");
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
});
