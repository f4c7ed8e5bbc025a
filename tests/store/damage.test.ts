import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import { digestOf, digestToBytes } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, childOf, genesis, peer, spaced } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";

/** Two of these are stored as they came, with a space behind them. */
const chain = [genesis];
for (let height = 1; height <= 20; height++) {
  const block = childOf(chain.at(-1) ?? genesis, `block ${height} of a damaged chain`);
  chain.push(height === 5 || height === 19 ? spaced(block) : block);
}
const [, , , victim, , spacedVictim] = chain as unknown as [Block, Block, Block, Block, Block, Block];
const rival = childOf(genesis, "rival");
const numRuns = runs(150, 5_000);
const pageBytes = 8_192;
const cure = expect.stringContaining("delete the chain data directory");

function makeFile(file: string): void {
  const store = BlockStore.open(file);
  for (const block of chain) store.accept(block, digestOf(block.data));
  store.reject(rival);
  store.close();
}

function changeBytes(file: string, change: (bytes: Uint8Array) => void): void {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
}

test.each([
  ["the data of a block", victim, victim.data],
  ["the bytes of a block", spacedVictim, spacedVictim.bytes],
])("one flipped bit in %s is found when the block is read, and only then", (_name, victim, stored) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  changeBytes(file, (bytes) => {
    const at = Buffer.from(bytes.buffer).indexOf(stored) + stored.length - 3;
    bytes[at] = (bytes[at] ?? 0) ^ 0x01;
  });
  const store = BlockStore.open(file);
  expect(store.lastAccepted()).toEqual(chain.at(-1) as Block);
  expect(refusalOf(() => store.getBlock(victim.id))).toEqual({
    code: "database failed",
    file,
    problem: `block ${victim.id} is damaged`,
    cure,
  });
  store.close();
});

test.each([
  ["other data", "data = x'00'"],
  ["no data", "data = x''"],
  ["the data of another", "data = (SELECT data FROM blocks WHERE height = 4)"],
  ["bytes that are no block", "data = NULL, bytes = x'00'"],
  ["no bytes", "data = NULL, bytes = x''"],
  ["another block", "data = NULL, bytes = (SELECT bytes FROM blocks WHERE height = 5)"],
  ["one of another time", "timestamp = timestamp + 1"],
])("a block that became %s is found when it is read", (_name, change) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run(`UPDATE blocks SET ${change} WHERE height = 3`);
  }
  const store = BlockStore.open(file);
  expect(refusalOf(() => store.getBlock(victim.id))).toMatchObject({ code: "database failed", file, cure });
  store.close();
});

test.each([
  ["a key", "UPDATE blocks SET key = x'00' WHERE height = 3", (store: BlockStore) => store.getIdAtHeight(3n)],
  ["a key", "UPDATE blocks SET key = x'00' WHERE height = 20", (store: BlockStore) => store.lastAccepted()],
  ["its instance id", "UPDATE meta SET value = x'00'", () => undefined],
] as const)("%s of a wrong length is found when it is read: %s", (what, sql, read) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run("PRAGMA ignore_check_constraints = ON");
    db.run(sql);
  }
  const refusal = refusalOf(() => {
    const store = BlockStore.open(file);
    try {
      read(store);
    } finally {
      store.close();
    }
  });
  expect(refusal).toEqual({ code: "database failed", file, problem: `${what} is damaged`, cure });
});

describe("a value of another type", () => {
  const data = bytesOf("waits");
  const digest = digestOf(data);
  const row = chain[20] as Block;

  /** Opens a file in which `sql` put what the schema forbids. */
  function openChanged(file: string, sql: string): BlockStore {
    makeFile(file);
    const store = BlockStore.open(file);
    store.proposals.add([{ digest, data, bytes: data.length, since: 1n, peer }]);
    store.close();
    {
      using db = new Database(file);
      db.run("PRAGMA ignore_check_constraints = ON");
      for (const table of ["blocks", "mempool"]) loosen(db, table);
      db.run(sql);
    }
    return BlockStore.open(file);
  }

  /** Makes the same table again so that each column takes values of any type. */
  function loosen(db: Database, table: string): void {
    const made = db.query<{ sql: string }, [string]>(
      "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC", // the table comes first
    );
    const statements = made.all(table).map(({ sql }) => sql.replace(") STRICT", ")"));
    db.run(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}`);
    db.run(`DROP TABLE ${table}`);
    for (const statement of statements) db.run(statement);
    db.run(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
  }

  test.each([
    [
      `block ${row.id}`,
      "UPDATE blocks SET timestamp = 'x' WHERE height = 20",
      (store: BlockStore) => store.getListingAtHeight(20n),
    ],
    [
      `block ${row.id}`,
      "UPDATE blocks SET data = 'x' WHERE height = 20",
      (store: BlockStore) => store.getBlockAtHeight(20n),
    ],
    [
      `block ${row.id}`,
      "UPDATE blocks SET data = NULL, bytes = 'x' WHERE height = 20",
      (store: BlockStore) => store.getBlockAtHeight(20n),
    ],
    [
      `the key below block ${row.id}`,
      "UPDATE blocks SET key = 'x' WHERE height = 19",
      (store: BlockStore) => store.getBlockAtHeight(20n),
    ],
    ["a key", "UPDATE blocks SET key = 'x' WHERE height = 20", (store: BlockStore) => store.getBlockAtHeight(20n)],
    [`proposal ${digest}`, "UPDATE mempool SET since = 'x'", (store: BlockStore) => store.proposals.read(digest)],
    [`proposal ${digest}`, "UPDATE mempool SET data = 'x'", (store: BlockStore) => store.proposals.read(digest)],
  ] as const)("is found when %s is read: %s", (what, sql, read) => {
    using directory = memoryDirectory();
    const file = directory.file("chain.db");
    const store = openChanged(file, sql);
    expect(refusalOf(() => read(store))).toEqual({
      code: "database failed",
      file,
      problem: `${what} is damaged`,
      cure,
    });
    store.close();
  });

  test.each(["1", "x'00'", "'NodeID-x'", "substr(peer, 1, 20) || 'z' || substr(peer, 22)"])(
    "for the peer of a proposal, %s, counts as none",
    (value) => {
      using directory = memoryDirectory();
      const store = openChanged(directory.file("chain.db"), `UPDATE mempool SET peer = ${value}`);
      expect([...store.proposals.readAll()]).toEqual([
        { digest, data, bytes: data.length, since: 1n, peer: undefined },
      ]);
      store.close();
    },
  );
});

test.each([
  ["as it came", 19, `block ${chain[19]?.id} has a wrong height`],
  ["as its data", 20, `the block below block ${chain[20]?.id} is missing`],
])("a block that is stored %s, under another height, is found when that is asked for", (_name, height, problem) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run(`UPDATE blocks SET height = 52 WHERE height = ${height}`);
  }
  const store = BlockStore.open(file);
  expect(refusalOf(() => store.getIdAtHeight(52n))).toEqual({ code: "database failed", file, problem, cure });
  expect(store.getIdAtHeight(18n)).toBe((chain[18] as Block).id);
  store.close();
});

test("a chain that lost its instance id is not taken for another one", () => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run("DELETE FROM meta");
  }
  const problem = "its instance id is missing";
  expect(refusalOf(() => BlockStore.open(file))).toEqual({ code: "database failed", file, problem, cure });
});

test("one flipped bit that turns a proposal's digest into text is found when the proposals are read", () => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  const data = bytesOf("proposal");
  const store = BlockStore.open(file);
  store.proposals.add([{ digest: digestOf(data), data, bytes: data.length, since: 1n, peer: undefined }]);
  store.close();
  changeBytes(file, (bytes) => {
    // Before the values stand their types: of the place (none), the digest, the time, the peer (none) and the data.
    const row = Buffer.from(bytes.buffer).indexOf(Buffer.concat([digestToBytes(digestOf(data)), data]));
    const type = Buffer.from(bytes.buffer).lastIndexOf(2 * 32 + 12, row);
    expect(row - type).toBe(4);
    bytes[type] = (bytes[type] ?? 0) ^ 0x01;
  });
  const again = BlockStore.open(file);
  expect(refusalOf(() => [...again.proposals.readAll()])).toMatchObject({ code: "database failed", file, cure });
  again.close();
});

/** Reads everything; whatever comes is right, or refused in our words. */
function readAll(file: string): { readonly problems: number } {
  let problems = 0;
  const tryTo = <T>(work: () => T, isRight: (value: T) => boolean) => {
    const refusal = refusalOf(() => expect(isRight(work())).toBeTrue());
    if (refusal === undefined) return;
    expect(refusal).toMatchObject({ code: "database failed", file });
    problems++;
  };
  let store: BlockStore | undefined;
  tryTo(
    () => {
      store = BlockStore.open(file);
    },
    () => true,
  );
  if (store === undefined) return { problems };
  const { lastAccepted, getBlock } = {
    lastAccepted: () => store?.lastAccepted(),
    getBlock: (at: Block) => store?.getBlock(at.id),
  };
  tryTo(lastAccepted, (block) => block !== undefined);
  for (const wanted of chain) {
    tryTo(
      () => getBlock(wanted),
      (block) => block === undefined || block.bytes.toHex() === wanted.bytes.toHex(),
    );
    tryTo(
      () => [store?.getDecision(wanted.id), store?.getIdAtHeight(wanted.height)],
      () => true,
    );
  }
  tryTo(
    () => chain.map(({ data, timestamp }) => [store?.findBlock(digestOf(data), 0n), store?.getLastBlockAt(timestamp)]),
    () => true,
  );
  store.close();
  return { problems };
}

describe("a file that was cut short is refused by name", () => {
  test.each([50, 99, 100, 1_000, pageBytes, 20_000, 4 * pageBytes])("to %i bytes", (length) => {
    using directory = memoryDirectory();
    const file = directory.file("chain.db");
    makeFile(file);
    truncateSync(file, length);
    expect(readAll(file).problems).toBeGreaterThan(0);
    makeWhole(file);
  });

  /** The refused file must not stay locked. */
  function makeWhole(file: string): void {
    truncateSync(file, 0);
    expect(readAll(file).problems).toBe(1); // an empty chain has no last accepted block, and nothing else is wrong
  }
});

test("damage anywhere in the file is refused in our words, or was not there", () => {
  using directory = memoryDirectory();
  const whole = directory.file("whole.db");
  makeFile(whole);
  const { length } = readFileSync(whole);
  const hit = fc.record({ at: fc.nat(length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
  let found = 0;
  let file = "";
  fc.assert(
    fc.property(fc.array(hit, { minLength: 1, maxLength: 8 }), (hits) => {
      file = directory.file(`${++found}.db`);
      const bytes = readFileSync(whole);
      for (const { at, bytes: wrong } of hits) bytes.set(wrong.subarray(0, length - at), at);
      writeFileSync(file, bytes);
      readAll(file);
    }),
    { numRuns },
  );
});

test("a damaged page with the tables' list is refused by name, and the file is free afterwards", () => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  const whole = readFileSync(file);
  changeBytes(file, (bytes) => bytes.fill(0xff, 100, pageBytes));
  expect(refusalOf(() => BlockStore.open(file))).toMatchObject({ code: "database failed", file, cure });
  writeFileSync(file, whole);
  expect(readAll(file).problems).toBe(0);
});

test.each(["blocks", "meta"])("a file without its table %s is refused by name", (table) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run(`DROP TABLE ${table}`);
  }
  const problem = `no such table: ${table}`;
  expect(refusalOf(() => BlockStore.open(file))).toEqual({ code: "database failed", file, problem, cure });
});
