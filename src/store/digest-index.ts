import type { Database } from "bun:sqlite";
import { type Digest, digestOf } from "../core/digest.ts";
import { expectAbove, expectBytes, expectInteger, maxSqlInteger, type Row } from "./columns.ts";
import { MetaRows } from "./meta-rows.ts";
import { dataIn } from "./stored-block.ts";

/**
 * How many blocks are added to the table at once. Sorted, they change fewer of its pages than one by one. Of a million
 * blocks nearly each changes a page of its own, so more would make one accept in many slow.
 */
export const batchBlocks = 256;
/** Bytes of their data after which fewer are: the first look-up reads what the table lacks, in one turn. */
export const batchBytes = 4 * 1024 * 1024;
/** How many are sorted and added in one transaction where the table lacks many, … */
export const runBlocks = 32_768;
/** … how many are read or added in one step of that, and how many bytes of data are read: some milliseconds. */
const stepBlocks = 4_096;
const stepBytes = 8 * 1024 * 1024;

/** The row in `meta` that has the height up to which the table lacks no block: 8 bytes, big endian, signed. */
export const indexedName = "digests_indexed";
const heightBytes = 8;

/** A block as the index knows it. */
export interface DigestEntry {
  readonly height: bigint;
  readonly digest: Digest;
  /** Of its data. */
  readonly bytes: number;
}

/**
 * Finds blocks by the digest of their data. The table has eight bytes of each digest, and lags behind the blocks: what
 * it lacks is in memory, where each connection reads it from the blocks.
 */
export class DigestIndex {
  readonly #db: Database;
  readonly #meta: MetaRows;
  readonly #sql: ReturnType<typeof prepare>;
  /** What the table lacks, by ascending height. */
  #newest: DigestEntry[] = [];
  #heights = new Map<Digest, bigint[]>();
  #bytes = 0;
  /** The lowest height that is not in memory yet; undefined where nothing is. */
  #next: bigint | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#meta = new MetaRows(db);
    this.#sql = prepare(db);
  }

  /** The lowest height, from one up, whose block has data of this digest. */
  find(digest: Digest, from: bigint): bigint | undefined {
    this.#catchUp(); // first: what goes from memory into the table meanwhile is found there
    const prefix = prefixOf(digest);
    for (let at = from; at <= maxSqlInteger; ) {
      const row = this.#sql.find.get(prefix, at);
      if (row === null) break;
      const height = expectAbove(row.height, at - 1n, "the index of digests");
      if (this.#read(height)?.digest === digest) return height;
      at = height + 1n;
    }
    return this.#heights.get(digest)?.find((height) => height >= from);
  }

  /** To be called in the transaction that stores an accepted block; when that fails, `forget` must be called. */
  add(entry: DigestEntry): void {
    if (entry.height === this.#next) this.#remember(entry);
    else this.#catchUp();
    if (this.#newest.length < batchBlocks && this.#bytes < batchBytes) return;
    this.#insert(sorted(this.#newest));
    const next = this.#next ?? 0n;
    this.#setIndexed(next - 1n);
    this.#begin(next);
  }

  /** Whether the table lacks more than goes into memory, or does not fit the blocks. */
  get needsFilling(): boolean {
    const lacking = this.#lastHeight - this.#indexed;
    return lacking < 0n || lacking >= batchBlocks;
  }

  /** Forgets what is in memory alone. */
  forget(): void {
    this.#begin(undefined);
  }

  /**
   * Adds to the table what it lacks, but for less than a batch, which goes into memory. One that has more than there
   * are blocks is made anew. Yields after each step of some milliseconds; nothing else may be changed before the last.
   */
  *fill(): Generator<void, void> {
    if (this.#indexed > this.#lastHeight) this.#db.transaction(() => this.clear())();
    for (;;) {
      const run: DigestEntry[] = [];
      yield* this.#readRun(this.#indexed + 1n, run);
      if (run.length < batchBlocks && bytesOf(run) < batchBytes) return this.#keep(run);
      yield* this.#insertRun(run);
    }
  }

  /** Removes all above a height. To be called in the transaction that removes these blocks, before it does. */
  removeAbove(height: bigint): void {
    this.forget();
    const indexed = this.#indexed;
    if (indexed <= height) return;
    if (!this.#removeEach(height, indexed)) this.#sql.removeAbove.run(height);
    this.#setIndexed(height);
  }

  /** Removes all. */
  clear(): void {
    this.forget();
    this.#sql.clear.run();
    this.#meta.remove(indexedName);
  }

  /** Takes into memory what was accepted since, and out of it what has come into the table. */
  #catchUp(): void {
    const indexed = this.#indexed;
    if (this.#next === undefined) this.#begin(indexed + 1n);
    const oldest = this.#newest[0];
    if (this.#next === undefined || this.#next <= indexed || (oldest !== undefined && oldest.height <= indexed)) {
      this.#keep(this.#newest.filter(({ height }) => height > indexed));
    }
    for (;;) {
      const entry = this.#readNext(this.#next ?? indexed + 1n);
      if (entry === undefined) return;
      this.#remember(entry);
    }
  }

  /** Has only these in memory: what follows the table. */
  #keep(entries: readonly DigestEntry[]): void {
    this.#begin(this.#indexed + 1n);
    for (const entry of entries) this.#remember(entry);
  }

  #begin(next: bigint | undefined): void {
    this.#newest = [];
    this.#heights = new Map();
    this.#bytes = 0;
    this.#next = next;
  }

  #remember(entry: DigestEntry): void {
    const { height, digest, bytes } = entry;
    const heights = this.#heights.get(digest);
    this.#newest.push(entry);
    if (heights === undefined) this.#heights.set(digest, [height]);
    else heights.push(height);
    this.#bytes += bytes;
    this.#next = height + 1n;
  }

  *#readRun(from: bigint, run: DigestEntry[]): Generator<void, void> {
    let bytes = 0;
    for (let next = from; run.length < runBlocks; ) {
      const entry = this.#readNext(next);
      if (entry === undefined) return;
      run.push(entry);
      next = entry.height + 1n;
      bytes += entry.bytes;
      if (run.length % stepBlocks !== 0 && bytes < stepBytes) continue;
      yield;
      bytes = 0;
    }
  }

  /** All of them or none. */
  *#insertRun(run: readonly DigestEntry[]): Generator<void, void> {
    const entries = sorted(run);
    this.#db.run("BEGIN IMMEDIATE");
    try {
      for (let at = 0; at < entries.length; at += stepBlocks) {
        this.#insert(entries.slice(at, at + stepBlocks));
        yield;
      }
      this.#setIndexed(run.at(-1)?.height ?? this.#indexed);
      this.#db.run("COMMIT");
    } finally {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
    }
  }

  #insert(entries: readonly DigestEntry[]): void {
    for (const { digest, height } of entries) this.#sql.insert.run(prefixOf(digest), height);
  }

  /** Removes an entry for each block above a height. Gives whether these were all: not where a block is damaged. */
  #removeEach(above: bigint, indexed: bigint): boolean {
    for (let at = above + 1n; at <= indexed; at++) {
      const entry = this.#read(at);
      if (entry === undefined || this.#sql.remove.run(prefixOf(entry.digest), at).changes !== 1) return false;
    }
    return true;
  }

  #read(height: bigint): DigestEntry | undefined {
    const entry = this.#readNext(height);
    return entry?.height === height ? entry : undefined;
  }

  /** The lowest block from a height up. One that does not parse is none. */
  #readNext(from: bigint): DigestEntry | undefined {
    for (let next = from; next <= maxSqlInteger; ) {
      const row = this.#sql.next.get(next);
      if (row === null) return undefined;
      const height = expectAbove(row.height, next - 1n, "the height of a block");
      const data = dataIn(row);
      if (data !== undefined) return { height, digest: digestOf(data), bytes: data.length };
      next = height + 1n;
    }
    return undefined;
  }

  get #indexed(): bigint {
    return indexedIn(this.#meta.get(indexedName));
  }

  get #lastHeight(): bigint {
    return expectInteger(this.#sql.last.get()?.height ?? -1n, "the last height"); // NULL without blocks
  }

  #setIndexed(height: bigint): void {
    const value = new Uint8Array(heightBytes);
    new DataView(value.buffer).setBigInt64(0, height);
    this.#meta.set(indexedName, value);
  }
}

/** The height up to which the table lacks no block, by the value in `meta`; -1 for undefined. Throws `Damage`. */
export function indexedIn(value: unknown): bigint {
  if (value === undefined) return -1n;
  const { buffer, byteOffset } = expectBytes(value, `the meta row ${indexedName}`, heightBytes);
  return new DataView(buffer, byteOffset).getBigInt64(0);
}

/** Eight bytes of a digest, by which it is sought. */
export function prefixOf(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(digest.slice(0, 16));
}

function bytesOf(entries: readonly DigestEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function sorted(entries: readonly DigestEntry[]): DigestEntry[] {
  return entries.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Prepares all statements once. They end with the database's close. */
function prepare(db: Database) {
  return {
    find: db.query<Row<"height">, [Uint8Array, bigint]>(
      "SELECT height FROM digests WHERE prefix = ? AND height >= ? ORDER BY height LIMIT 1",
    ),
    next: db.query<Row<"height" | "data" | "bytes">, [bigint]>(
      "SELECT height, data, bytes FROM blocks WHERE height >= ? ORDER BY height LIMIT 1",
    ),
    last: db.query<Row<"height">, []>("SELECT max(height) AS height FROM blocks"),
    // One that is there already does no harm: a look-up compares the block's digest.
    insert: db.query<unknown, [Uint8Array, bigint]>("INSERT OR IGNORE INTO digests (prefix, height) VALUES (?, ?)"),
    remove: db.query<unknown, [Uint8Array, bigint]>("DELETE FROM digests WHERE prefix = ? AND height = ?"),
    removeAbove: db.query<unknown, [bigint]>("DELETE FROM digests WHERE height > ?"),
    clear: db.query<unknown, []>("DELETE FROM digests"),
  };
}
