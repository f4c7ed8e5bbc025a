import { Database } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import { type Digest, digestOf } from "../../src/core/digest.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { batchBlocks, batchBytes, DigestIndex, indexedName, runBlocks } from "../../src/store/digest-index.ts";
import { schema } from "../../src/store/schema.ts";
import { bytesOf, childOf, genesis, spaced } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const numRuns = runs(100, 2_000);

/** An index over rows of blocks that have data and nothing else. */
function indexOf(count: number, dataAt = (height: number) => `data ${height}`) {
  const db = new Database(":memory:", { strict: true, safeIntegers: true });
  db.run(schema);
  const insert = db.query("INSERT INTO blocks (height, key, timestamp, data) VALUES (?, zeroblob(34), 0, ?)");
  const add = (height: number) => insert.run(height, bytesOf(dataAt(height)));
  db.transaction(() => {
    for (let height = 0; height < count; height++) add(height);
  })();
  const index = new DigestIndex(db);
  const find = (height: number) => index.find(digestOf(bytesOf(dataAt(height))), 0n);
  const rows = () => db.query("SELECT count(*) AS n FROM digests").values()[0]?.[0];
  const indexed = () =>
    db.query<{ height: string }, [string]>("SELECT hex(value) AS height FROM meta WHERE name = ?").get(indexedName)
      ?.height;
  return { db, index, add, find, rows, indexed };
}

describe("filling the index", () => {
  test("leaves less than a batch in memory", () => {
    const few = indexOf(batchBlocks - 1);
    expect([...few.index.fill()]).toEqual([]);
    expect(few.rows()).toBe(0n);
    expect(few.find(batchBlocks - 2)).toBe(BigInt(batchBlocks - 2));
    const many = indexOf(batchBlocks);
    for (const _ of many.index.fill());
    expect(many.rows()).toBe(BigInt(batchBlocks));
    expect(many.indexed()).toBe((batchBlocks - 1).toString(16).padStart(16, "0").toUpperCase());
    expect([0, batchBlocks - 1].map(many.find)).toEqual([0n, BigInt(batchBlocks - 1)]);
  });

  test("leaves no more data in memory than a batch has", () => {
    const large = (height: number) => `${height}`.padEnd(batchBytes / 4);
    const few = indexOf(3, large);
    for (const _ of few.index.fill());
    expect(few.rows()).toBe(0n);
    const many = indexOf(5, large);
    for (const _ of many.index.fill());
    expect(many.rows()).toBe(5n);
  });

  test("takes several runs of many steps if much is missing, each run in one transaction", () => {
    const count = runBlocks + 5_000;
    const { db, index, find, rows } = indexOf(count);
    let steps = 0;
    const seen = new Set<unknown>();
    for (const _ of index.fill()) {
      steps++;
      if (!db.inTransaction) seen.add(rows());
    }
    expect(steps).toBeGreaterThan(10);
    expect(seen).toEqual(new Set([0n, BigInt(runBlocks)]));
    expect(rows()).toBe(BigInt(count));
    expect([0, runBlocks - 1, runBlocks, count - 1].map(find)).toEqual(
      [0, runBlocks - 1, runBlocks, count - 1].map(BigInt),
    );
  });

  test("that stops half-way has changed nothing since the last run", () => {
    const { db, index, rows, indexed } = indexOf(2 * batchBlocks);
    const steps = index.fill();
    while (!db.inTransaction) steps.next();
    expect(rows()).not.toBe(0n);
    steps.return();
    expect(db.inTransaction as boolean).toBe(false);
    expect([rows(), indexed()]).toEqual([0n, undefined]);
    for (const _ of index.fill());
    expect(rows()).toBe(BigInt(2 * batchBlocks));
  });

  test("is due if a batch is missing, or the table has more heights than the chain, which clears it first", () => {
    const { db, index, rows, find } = indexOf(batchBlocks);
    expect(index.needsFilling).toBeTrue();
    for (const _ of index.fill());
    expect(index.needsFilling).toBeFalse();
    db.run("DELETE FROM blocks WHERE height = ?", [batchBlocks - 1]);
    expect(index.needsFilling).toBeTrue();
    for (const _ of index.fill());
    expect([index.needsFilling, rows(), find(3)]).toEqual([false, 0n, 3n]);
    db.run("INSERT INTO meta (name, value) VALUES (?, x'03')", [indexedName]);
    expect(() => index.needsFilling).toThrow(`the meta row ${indexedName} is damaged`);
  });

  test("accepts entries that are there already", () => {
    const { db, index, rows, find } = indexOf(2 * batchBlocks);
    for (const _ of index.fill());
    db.run("DELETE FROM meta");
    for (const _ of index.fill());
    expect([rows(), find(1)]).toEqual([BigInt(2 * batchBlocks), 1n]);
  });

  test("looks once at each block, though all have the same digest", () => {
    const { index } = indexOf(runBlocks, () => "always the same");
    using set = spyOn(Map.prototype, "set");
    for (const _ of index.fill());
    expect(set.mock.calls.length).toBeLessThan(runBlocks);
    expect(index.find(digestOf(bytesOf("always the same")), 7n)).toBe(7n);
  });
});

describe("a running chain", () => {
  const accept = (store: BlockStore, block: Block) => store.accept(block, digestOf(block.data));
  const countIn = (connection: Database) => connection.query("SELECT count(*) AS n FROM digests").values()[0]?.[0];

  test("is indexed batch by batch, with no block that is not in the table or in memory", () => {
    const { opened: store, connection } = withConnection(() => BlockStore.open(":memory:"));
    for (const _ of store.indexDigests());
    const digests: Digest[] = [];
    let block = genesis;
    connection.run("BEGIN"); // one transaction: it is faster
    for (let height = 0; height < 2 * batchBlocks + 3; height++) {
      if (height > 0) block = childOf(block, `data ${height}`);
      accept(store, block);
      digests.push(digestOf(block.data));
      expect(countIn(connection)).toBe(BigInt(Math.floor((height + 1) / batchBlocks) * batchBlocks));
    }
    connection.run("COMMIT");
    expect(digests.map((digest) => store.carries(digest, 0n))).not.toContain(false);
    store.close();
  });

  test("is indexed earlier where its blocks are large", () => {
    const { opened: store, connection } = withConnection(() => BlockStore.open(":memory:"));
    for (const _ of store.indexDigests());
    const large = new Uint8Array(batchBytes / 4);
    let block = genesis;
    accept(store, block);
    for (let i = 0; i < 4; i++) {
      expect(countIn(connection)).toBe(0n);
      block = childOf(block, large.fill(i));
      accept(store, block);
    }
    expect(countIn(connection)).toBe(5n);
    store.close();
  });

  test("is found by a second connection, whichever blocks the table got meanwhile", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    store.setDurability("normal");
    for (const _ of store.indexDigests());
    const reader = BlockReader.openBeside(store.file);
    const chain = [genesis];
    for (let i = 1; i < 3 * batchBlocks; i++) chain.push(childOf(chain[i - 1] ?? genesis, `data ${i}`));
    for (const looks of [10, batchBlocks - 1, batchBlocks + 1, 2 * batchBlocks + 7, chain.length]) {
      const known = Number(store.lastHeight() ?? -1n) + 1;
      store.acceptAll(chain.slice(known, looks));
      for (const at of [0, 1, known, looks - 1]) {
        const block = chain[at] as Block;
        expect(reader.findBlock(digestOf(block.data), 0n)?.height, `${at} of ${looks}`).toBe(BigInt(at));
      }
    }
    reader.close();
    store.close();
  });

  test("finds nothing of a transaction that failed", () => {
    const { opened: store, connection } = withConnection(() => BlockStore.open(":memory:"));
    accept(store, genesis);
    for (const _ of store.indexDigests());
    const [one, other] = [childOf(genesis, "one"), childOf(genesis, "other")];
    connection.run("CREATE TEMP TRIGGER no BEFORE DELETE ON mempool BEGIN SELECT RAISE(ABORT, 'no'); END");
    const waiting = { digest: digestOf(one.data), data: one.data, bytes: 3, since: 1n, peer: undefined };
    store.proposals.add([waiting]);
    expect(refusalOf(() => accept(store, one))?.code).toBe("database failed");
    expect(store.carries(digestOf(one.data), 0n)).toBeFalse();
    expect(store.proposals.has(waiting.digest)).toBeTrue();
    accept(store, other);
    expect(store.findBlock(digestOf(other.data), 0n)).toEqual(other);
    expect(store.carries(digestOf(one.data), 0n)).toBeFalse();
    store.close();
  });
});

describe("after a rewind", () => {
  /** What the table and the memory have of so many blocks, rewound to a height, must be what a new index has. */
  function expectExact(count: number, height: number, damage?: (db: Database) => void) {
    const { db, index, find, rows } = indexOf(count);
    for (const _ of index.fill());
    damage?.(db);
    db.transaction(() => {
      index.removeAbove(BigInt(height));
      db.run("DELETE FROM blocks WHERE height > ?", [height]);
    })();
    expect(rows()).toBe(BigInt(Math.min(count, height + 1)));
    for (const at of [0, height, height + 1, count - 1]) {
      expect(find(at), `${at}`).toBe(at <= height ? BigInt(at) : undefined);
    }
  }

  test("the table has no entry of a removed block", () => expectExact(batchBlocks + 10, 7));

  test("of a damaged block, it has no entry of that either", () =>
    expectExact(batchBlocks + 10, 7, (db) => {
      db.run("UPDATE blocks SET data = x'00' WHERE height = 100");
      db.run("UPDATE blocks SET data = NULL, bytes = x'00' WHERE height = 101");
    }));

  test("of a missing block, it has no entry of that either", () =>
    expectExact(batchBlocks + 10, 7, (db) => db.run("DELETE FROM blocks WHERE height = 100")));
});

/** A chain in a file, what must be found in it, and those who look. */
class Sought {
  readonly #file: string;
  readonly #chain = [genesis];
  #store: BlockStore;
  #beside: BlockReader | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#store = this.#open();
    this.#store.accept(genesis, digestOf(genesis.data));
    this.#beside = BlockReader.openBeside(file);
  }

  accept(text: string, isSpaced: boolean): void {
    const child = childOf(this.#chain.at(-1) ?? genesis, text);
    const block = isSpaced ? spaced(child) : child;
    this.#store.accept(block, digestOf(block.data));
    this.#chain.push(block);
  }

  fill(): void {
    for (const _ of this.#store.indexDigests());
  }

  reopen(): void {
    this.close();
    this.#store = this.#open();
    this.#beside = BlockReader.openBeside(this.#file);
  }

  /** Nobody reads beside it meanwhile. */
  rewind(height: number): void {
    this.#beside?.close();
    this.#store.rewind(BigInt(height));
    this.#chain.length = Math.min(this.#chain.length, height + 1);
    this.#beside = BlockReader.openBeside(this.#file);
  }

  look(text: string, from: number): void {
    const wanted = digestOf(bytesOf(text));
    const expected = this.#chain.find(({ height, data }) => height >= from && digestOf(data) === wanted);
    for (const reader of [this.#store, this.#beside]) expect(reader?.findBlock(wanted, BigInt(from))).toEqual(expected);
  }

  close(): void {
    this.#beside?.close();
    this.#store.close();
  }

  #open(): BlockStore {
    const store = BlockStore.open(this.#file);
    store.setDurability("normal");
    return store;
  }
}

test("the lowest block is found after any sequence of accepts, rewinds and searches", () => {
  const text = fc.constantFrom("", "a", "b", "c");
  const height = fc.nat(12);
  const step = fc.oneof(
    fc.tuple(text, fc.boolean()).map((given) => (sought: Sought) => sought.accept(...given)),
    fc.constant((sought: Sought) => sought.fill()),
    fc.constant((sought: Sought) => sought.reopen()),
    height.map((given) => (sought: Sought) => sought.rewind(given)),
    fc.tuple(text, height).map((given) => (sought: Sought) => sought.look(...given)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      using directory = temporaryDirectory();
      const sought = new Sought(directory.file("chain.db"));
      for (const run of steps) run(sought);
      sought.close();
    }),
    { numRuns },
  );
});
