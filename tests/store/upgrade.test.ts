import { Database } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type Block, parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { maxSliceBytes, maxSliceRows } from "../../src/store/copy-chain.ts";
import { openForReading } from "../../src/store/database.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { oldSchemaSteps } from "../../src/store/old-schema.ts";
import { type KnownFile, upgradeDatabase } from "../../src/store/upgrade.ts";
import { damage } from "../cli/db-support.ts";
import { bytesOf, chainOn, childOf, genesis, now, peer } from "../support/chain.ts";
import { enlarge } from "../support/database.ts";
import {
  makeOldFile,
  type OldContent,
  type OldVersion,
  oldInstanceId,
  oldSchemas,
  oldVersions,
} from "../support/old-file.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A block as another VM may write it: the same fields in other bytes. */
function foreign(block: Block): Block {
  return parseBlock(bytesOf(` ${new TextDecoder().decode(block.bytes)}`));
}

/** A block whose bytes are lost: what is left of it is what timestampvm-rs encoded again. */
function reencoded(parent: Block): Block {
  return { ...childOf(parent, "encoded again"), id: foreign(childOf(parent, "encoded again")).id };
}

/** A chain with blocks of every kind. */
function makeChain(): readonly Block[] {
  const chain: Block[] = [genesis, ...chainOn(genesis, 20)];
  const add = (make: (parent: Block) => Block) => chain.push(make(chain.at(-1) ?? genesis));
  add(reencoded);
  add((parent) => foreign(childOf(parent, "in other bytes")));
  add((parent) => childOf(parent, ""));
  add((parent) => childOf(parent, new Uint8Array(900_000).fill(7)));
  add((parent) => foreign(childOf(parent, new Uint8Array(70_000).fill(8))));
  add((parent) => childOf(parent, "block 3 on 0")); // as an earlier one
  add(reencoded);
  return chain;
}

const chain = makeChain();
const last = chain.at(-1) ?? genesis;
const content: OldContent = {
  accepted: chain,
  rejected: [childOf(genesis, "rival"), childOf(genesis, "another"), childOf(last, "above the head")],
};
const withProposals: OldContent = {
  ...content,
  waiting: ["waits", "block 4 on 0", "x".repeat(9_000)].map(bytesOf),
  gossiped: [{ data: bytesOf("of a peer"), peer }],
};

function contentOf(version: OldVersion): OldContent {
  return version === 1 ? content : withProposals;
}

/** Runs all steps of an upgrade; `between` is called at each pause. */
function upgrade(file: string, between = () => {}, known?: KnownFile) {
  const steps = upgradeDatabase(file, known);
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done) return { ...step.value, steps: count };
    between();
  }
}

/** All that can be read of a file of any schema, but for its search. */
function readAll(file: string) {
  const reader = BlockReader.openAlone(file);
  try {
    const lastHeight = reader.lastHeight() ?? -1n;
    return {
      instanceId: reader.readInstanceId(),
      records: [...reader.records(0n, lastHeight)],
      byId: chain.map(({ id }) => reader.getBlock(id)),
      decisions: [...chain, ...(content.rejected ?? [])].map(({ id }) => reader.getDecision(id)),
      rejected: reader.getRejected(undefined, 1_000),
      highestRejected: reader.readHighestRejected(),
      proposals: [...reader.proposals.readAll()],
    };
  } finally {
    reader.close();
  }
}

function versionOf(file: string): unknown {
  using db = new Database(file); // one that only reads would leave files of its own
  return db.query("PRAGMA user_version").values()[0]?.[0];
}

describe.each(oldVersions)("a file of schema %i", (version) => {
  const made = () => {
    const directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, version, contentOf(version));
    return { directory, file, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  };

  test("is read as it is, and stays that", () => {
    using place = made();
    const { records, instanceId, decisions, rejected, proposals } = readAll(place.file);
    const { waiting = [], gossiped = [] } = contentOf(version);
    expect(records.map(({ block }) => block)).toEqual([...chain]);
    expect(instanceId).toEqual(oldInstanceId);
    expect(decisions).toEqual([...chain.map(() => "accepted" as const), "rejected", "rejected", "rejected"]);
    expect(rejected.map(({ height }) => height)).toEqual([1n, 1n, last.height + 1n]);
    expect(proposals.map(({ data, peer }) => ({ data, peer }))).toEqual([
      ...waiting.map((data) => ({ data, peer: undefined })),
      ...gossiped,
    ]);
    expect(versionOf(place.file)).toBe(version);
    using db = new Database(place.file);
    expect(db.query("SELECT name FROM sqlite_schema WHERE name IN ('rejected', 'sources', 'trees')").all()).toEqual([]);
  });

  test("is upgraded with all that is in it, and can be searched and goes on", () => {
    using place = made();
    const { file, directory } = place;
    const before = readAll(file);
    const bytesBefore = BigInt(statSync(file).size);
    expect(needsUpgrade(file)).toBe(true);
    const summary = upgrade(file);
    const bytesAfter = BigInt(statSync(file).size);
    expect(summary).toMatchObject({
      fromSchema: version,
      toSchema: 4,
      blocks: BigInt(chain.length),
      bytesBefore,
      bytesAfter,
    });
    expect(summary.leftOut).toBeUndefined();
    expect(bytesAfter).toBeLessThan(bytesBefore);
    expect(needsUpgrade(file)).toBe(false);
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
    expect(readAll(file)).toEqual(before);

    const store = BlockStore.open(file);
    for (const block of chain) {
      const first = chain.find(({ data }) => digestOf(data) === digestOf(block.data));
      expect(store.findBlock(digestOf(block.data), 0n)).toEqual(first);
      expect(store.findBlock(digestOf(block.data), block.height)).toEqual(block);
    }
    expect(store.getLastBlockAt(now)).toEqual(last);
    const next = childOf(last, "waits", now + 1n);
    store.accept(next, digestOf(next.data));
    expect(store.getBlock(next.id)).toEqual(next);
    expect([...store.proposals.readAll()].map(({ data }) => data)).not.toContainEqual(bytesOf("waits"));
    store.close();
  });

  test("has the same tables and indexes then as a new one", () => {
    using place = made();
    upgrade(place.file);
    BlockStore.open(place.directory.file("new.db")).close();
    const schemaOf = (file: string) => {
      using db = new Database(file, { readonly: true });
      const objects = db.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
      return { objects, page: db.query("PRAGMA page_size").values(), mode: db.query("PRAGMA journal_mode").values() };
    };
    expect(schemaOf(place.file)).toEqual(schemaOf(place.directory.file("new.db")));
  });

  test("without any block is an empty one", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, version, { accepted: [] });
    expect(upgrade(file)).toMatchObject({ blocks: 0n, leftOut: undefined });
    const store = BlockStore.open(file);
    expect(store.lastHeight()).toBeUndefined();
    expect(store.instanceId).toEqual(oldInstanceId);
    store.acceptAll(chain.slice(0, 5));
    expect(store.findBlock(digestOf(bytesOf("block 2 on 0")), 0n)).toEqual(chain[3]);
    store.close();
  });

  test("is opened for writing by nobody before", () => {
    using place = made();
    expect(refusalOf(() => BlockStore.open(place.file))).toMatchObject({ code: "database failed", file: place.file });
    expect(versionOf(place.file)).toBe(version);
  });

  test.each([
    ["by height", "SELECT key, bytes FROM blocks WHERE height = ?", "accepted_by_height (height=?)"],
    ["the last", "SELECT height FROM blocks ORDER BY height DESC LIMIT 1", "accepted_by_height"],
    [
      "by key",
      "SELECT 1 FROM blocks WHERE substr(key, 3, 8) = substr(?1, 3, 8) AND key = ?1",
      "sqlite_autoindex_blocks_1 (key=?)",
    ],
    ["rejected by key", "SELECT 1 FROM rejected WHERE key = ?", "sqlite_autoindex_blocks_1 (key=?)"],
    [
      "rejected in order",
      "SELECT key FROM rejected WHERE (height, key) > (?, ?) ORDER BY height, key",
      "rejected_by_height",
    ],
  ])("is read by its indexes: %s", (_name, sql, index) => {
    using place = made();
    using db = openForReading(place.file);
    const plan = db.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
    expect(plan.map(({ detail }) => detail)).toContainEqual(expect.stringContaining(index));
  });
});

test("what is known of old schemas is what the old versions made", () => {
  const objectsOf = (steps: readonly string[]) => {
    using db = new Database(":memory:");
    for (const sql of steps) db.run(sql);
    return db.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
  };
  expect(objectsOf(oldSchemaSteps)).toEqual(objectsOf(oldSchemas));
});

describe("an upgrade is needed", () => {
  test("of no missing, empty, new or foreign file", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    expect(needsUpgrade(file)).toBe(false);
    writeFileSync(file, "");
    expect(needsUpgrade(file)).toBe(false);
    writeFileSync(file, "x".repeat(5_000));
    expect(needsUpgrade(file)).toBe(false);
    BlockStore.open(directory.file("new.db")).close();
    expect(needsUpgrade(directory.file("new.db"))).toBe(false);
    using other = new Database(directory.file("other.db"));
    other.run("CREATE TABLE t (a); PRAGMA user_version = 2");
    expect(needsUpgrade(directory.file("other.db"))).toBe(false);
  });
});

describe("a step", () => {
  test("is the first one, and says what is about to be copied", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    for (const first of upgradeDatabase(file)) {
      expect(first).toEqual({ file, fromSchema: 3, blocks: 0n, total: BigInt(content.accepted?.length ?? 0) });
      break;
    }
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
    expect(versionOf(file)).toBe(3);
  });

  test("takes some blocks, proposals or rejected blocks, and no more", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const accepted = [genesis, ...chainOn(genesis, 2 * maxSliceRows)];
    const rejected = accepted.slice(1).map((block) => childOf(block, "rival"));
    makeOldFile(file, 3, { accepted, rejected, waiting: accepted.map(({ data }) => bytesOf(`${data} waits`)) });
    expect(upgrade(file).steps).toBeGreaterThanOrEqual(3 + 2 + 2);
  });

  test("takes some bytes, and no more", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const accepted = [genesis];
    const add = () => accepted.push(childOf(accepted.at(-1) ?? genesis, new Uint8Array(maxSliceBytes / 4)));
    for (let i = 0; i < 10; i++) add(); // in a block, data is twice as long
    makeOldFile(file, 3, { accepted, waiting: [1, 2, 3].map((i) => new Uint8Array(maxSliceBytes).fill(i)) });
    expect(upgrade(file).steps).toBeGreaterThanOrEqual(5 + 3);
  });
});

describe.each([
  ["another file", { instanceId: new Uint8Array(16).fill(0x77) }],
  ["none", { instanceId: undefined }],
])("where the node knows %s, what is above a height without a block is left out", (_known, known) => {
  const many = [genesis, ...chainOn(genesis, 30)];
  const rival = (height: number) => childOf(many[height - 1] ?? genesis, "rival");
  const upgradeUnknown = (file: string) => upgrade(file, undefined, known);

  test("where a killed take-over left a chain without its beginning", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, { accepted: many.slice(12), waiting: [bytesOf("waits")] });
    expect(upgradeUnknown(file)).toMatchObject({ blocks: 0n, leftOut: { from: 12n, to: 30n } });
    const { instanceId, records, proposals } = readAll(file);
    expect({ instanceId, records }).toEqual({ instanceId: oldInstanceId, records: [] });
    expect(proposals.map(({ data }) => data)).toEqual([bytesOf("waits")]);
  });

  test.each([
    ["above a common block", 9, 20],
    ["above the first one", 1, 2],
    ["below the last one", 29, 30],
  ])("where it left one with a gap %s", (_name, missing, from) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const accepted = many.filter((_, height) => height < missing || height >= from);
    makeOldFile(file, 3, { accepted, rejected: [rival(1), rival(29)] });
    expect(upgradeUnknown(file)).toMatchObject({ blocks: BigInt(missing), leftOut: { from: BigInt(from), to: 30n } });
    const { records, rejected } = readAll(file);
    expect(records.map(({ block }) => block)).toEqual(many.slice(0, missing));
    expect(rejected.map(({ id }) => id)).toEqual(
      [rival(1), rival(29)].filter(({ height }) => height < missing).map(({ id }) => id),
    );
  });

  test("also far above", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, { accepted: many });
    damage(file, `UPDATE blocks SET height = ${2n ** 63n - 1n} WHERE height = 30`);
    expect(upgradeUnknown(file)).toMatchObject({ blocks: 30n, leftOut: { from: 2n ** 63n - 1n, to: 2n ** 63n - 1n } });
  });
});

describe.each([
  ["where the node knows the file", { instanceId: oldInstanceId }],
  ["where nobody says what the node knows", undefined],
])("%s, a height without a block is damage, and the file stays as it is:", (_known, known) => {
  const many = [genesis, ...chainOn(genesis, 30)];

  test.each([
    ["the first one", "DELETE FROM blocks WHERE height = 0", 0],
    ["one in the middle", "DELETE FROM blocks WHERE height = 12", 12],
    ["one bit of a height, to far above", `UPDATE blocks SET height = ${2n ** 62n} + 30 WHERE height = 30`, 30],
    ["one bit of a height, to below", "UPDATE blocks SET height = 32 WHERE height = 16", 16],
    ["one bit of a status", "UPDATE blocks SET status = 2, timestamp = NULL WHERE height = 9", 9],
  ])("%s", (_name, sql, height) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, { accepted: many });
    damage(file, sql);
    const before = readFileSync(file);
    expect(refusalOf(() => upgrade(file, undefined, known))).toEqual({
      code: "database failed",
      file,
      problem: `the block at height ${height} is missing`,
      cure:
        "check the disk and start the node again; if the file stays damaged, stop the node and " +
        `run \`timestampvm db check ${file}\`: it names the height below the damage, and ` +
        `\`timestampvm db rollback ${file} --to HEIGHT\` keeps the blocks up to there, and proposes again what the ` +
        "readable ones above carry; only where it names none, delete the chain data directory: " +
        "the chain is fetched again from its peers, proposals that wait for a block are lost",
    });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
  });
});

describe("the new file", () => {
  test("has the mode of the old one, and is at no time open to others", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 2, content);
    chmodSync(file, 0o640);
    const umask = process.umask(0);
    const modes = new Set<number>();
    upgrade(file, () => {
      for (const name of readdirSync(directory.path)) modes.add(statSync(directory.file(name)).mode & 0o007);
    });
    process.umask(umask);
    expect([...modes]).toEqual([0]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test.skipIf(process.getuid?.() !== 0)("belongs to who had the old one, where root made it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    chownSync(file, 1_234, 5_678);
    upgrade(file);
    expect(statSync(file)).toMatchObject({ uid: 1_234, gid: 5_678 });
  });

  test("stands where a link leads", () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("elsewhere"));
    makeOldFile(directory.file("elsewhere/real.db"), 3, content);
    symlinkSync("elsewhere/real.db", directory.file("chain.db"));
    upgrade(directory.file("chain.db"));
    expect(readlinkSync(directory.file("chain.db"))).toBe("elsewhere/real.db");
    expect(versionOf(directory.file("elsewhere/real.db"))).toBe(4);
    expect(readAll(directory.file("chain.db")).records).toHaveLength(chain.length);
  });

  test("takes the place of what a killed upgrade left, and follows no link there", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    writeFileSync(directory.file("theirs"), "theirs");
    symlinkSync("theirs", `${file}.upgrade`);
    for (const end of ["-wal", "-journal"]) writeFileSync(`${file}.upgrade${end}`, "half of it");
    upgrade(file);
    expect(readdirSync(directory.path).sort()).toEqual(["chain.db", "theirs"]);
    expect(readFileSync(directory.file("theirs"), "utf8")).toBe("theirs");
  });

  test("is not made where something else stands in its place", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    mkdirSync(`${file}.upgrade`);
    expect(refusalOf(() => upgrade(file))).toMatchObject({ code: "database failed", file });
    expect(versionOf(file)).toBe(3);
  });
});

describe("a file that a killed process left", () => {
  test("is upgraded with what is in its log alone, and no log is left beside it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(directory.file("running.db"), 3, { accepted: chain.slice(0, 3) });
    using running = new Database(directory.file("running.db"));
    running.run("PRAGMA wal_autocheckpoint = 0");
    const next = chain[3] ?? genesis;
    running.run("INSERT INTO blocks SELECT ?, 3, ?, ?, ?, ?", [
      Uint8Array.of(0, 0x2f, ...new Bun.CryptoHasher("sha256").update(next.bytes).digest()),
      Number(next.height),
      Number(next.timestamp),
      new Bun.CryptoHasher("sha256").update(next.data).digest(),
      next.bytes,
    ]);
    for (const end of ["", "-wal"]) writeFileSync(file + end, readFileSync(directory.file(`running.db${end}`)));
    expect(upgrade(file, () => expect(existsSync(`${file}-wal`)).toBe(true))).toMatchObject({ blocks: 4n });
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(readAll(file).records.map(({ block }) => block)).toEqual(chain.slice(0, 4));
  });
});

describe("an old file stays as it is", () => {
  const damages = [
    ["a block's bytes", "UPDATE blocks SET bytes = x'7b7d' WHERE height = 7", "7"],
    [
      "a block of another height",
      "UPDATE blocks SET bytes = (SELECT bytes FROM blocks WHERE height = 6) WHERE height = 7",
      "7",
    ],
    ["what is known of a block encoded again", "DELETE FROM meta WHERE name LIKE 'reencoded%'", "21"],
    ["the instance id", "UPDATE meta SET value = x'00' WHERE name = 'instance_id'", "instance id"],
    ["a proposal", "UPDATE mempool SET data = x'00' WHERE position = 1", "proposal"],
  ] as const;

  test.each(damages)("where it is damaged: %s", (_name, sql, problem) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, withProposals);
    damage(file, sql);
    const before = readFileSync(file);
    const refusal = refusalOf(() => upgrade(file));
    const named = /^\d+$/.test(problem) ? (chain[Number(problem)]?.id ?? "") : problem;
    expect(refusal).toMatchObject({ code: "database failed", file, problem: expect.stringContaining(named) });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
  });

  test("where an upgrade is given up", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    const before = readFileSync(file);
    for (const _ of upgradeDatabase(file)) break;
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
    expect(upgrade(file)).toMatchObject({ blocks: BigInt(chain.length) });
  });
});

describe("while an upgrade is under way", () => {
  test("nobody else in this process gets at the file", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    let refused = 0;
    upgrade(file, () => {
      for (const open of [() => upgrade(file), () => BlockStore.open(file), () => BlockReader.openAlone(file)]) {
        expect(refusalOf(open)).toEqual({ code: "database in use", file });
        refused++;
      }
    });
    expect(refused).toBeGreaterThan(0);
  });

  test("one who has just missed it is told that the file is in use, and finds the new one then", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    upgrade(file);
    expect(refusalOf(() => upgrade(file))).toEqual({ code: "database in use", file });
    expect(needsUpgrade(file)).toBe(false);
  });
});

describe("two processes", () => {
  test("do not undo each other's work: who has opened the old file before it was replaced does not go on", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, content);
    makeOldFile(directory.file("newer.db"), 3, content);
    upgrade(directory.file("newer.db"));
    const run = spyOn(Database.prototype, "run"); // it calls through; the first call comes between opening and locking
    run.mockImplementationOnce(() => {
      renameSync(directory.file("newer.db"), file);
      return { changes: 0, lastInsertRowid: 0 };
    });
    try {
      expect(refusalOf(() => upgrade(file))).toEqual({ code: "database in use", file });
    } finally {
      run.mockRestore();
    }
    expect(versionOf(file)).toBe(4);
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
  });
});

test("no upgrade begins of a file that is larger than what is free, and it stays as it is", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeOldFile(file, 3, content);
  enlarge(file, 2 ** 28); // of 16 KiB: four terabytes
  expect(refusalOf(() => upgrade(file))).toMatchObject({
    code: "database failed",
    problem: expect.stringMatching(/^its upgrade to schema 4 needs 4,398,\d{3},\d{3},\d{3} free bytes beside it, and/),
  });
  expect(versionOf(file)).toBe(3);
  expect(readdirSync(directory.path)).toEqual(["chain.db"]);
});
