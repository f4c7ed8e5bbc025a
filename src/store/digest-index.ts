import type { Database } from "bun:sqlite";
import { type Digest, digestOf } from "../core/digest.ts";
import { expectAbove, expectBytes, expectInteger, maxSqlInteger, type Row } from "./columns.ts";
import { MetaRows } from "./meta-rows.ts";
import { dataIn } from "./stored-block.ts";

/**
 * How many blocks are added to the table at once. Sorted, they change fewer pages than one by one. In a table of a
 * million blocks nearly each changes a page of its own: a larger batch would make one accept in many slow.
 */
export const batchBlocks = 256;
/** Bytes of data that end a batch early: the first look-up reads all blocks that the table lacks, in one turn. */
export const batchBytes = 4 * 1024 * 1024;
/** If the table lacks many blocks, this many are sorted and added in one transaction. */
export const runBlocks = 32_768;
/** The most blocks and bytes of data in one step of that: some milliseconds. */
const stepBlocks = 4_096;
const stepBytes = 8 * 1024 * 1024;

/** The row in `meta` with the height up to which the table has every block: 8 bytes, big endian, signed. */
export const indexedName = "digests_indexed";
const heightBytes = 8;

/** A block as the index knows it. */
export interface DigestEntry {
  readonly height: bigint;
  readonly digest: Digest;
  /** Bytes of its data. */
  readonly bytes: number;
}

/**
 * Finds blocks by the digest of their data. The table has eight bytes of each digest, and lags behind the blocks. Each
 * connection has the blocks that the table lacks in memory.
 */
export class DigestIndex {
  readonly #db: Database;
  readonly #meta: MetaRows;
  readonly #sql: ReturnType<typeof prepare>;
  /** The blocks that the table lacks, by ascending height. */
  #newest: DigestEntry[] = [];
  #heights = new Map<Digest, bigint[]>();
  #bytes = 0;
  /** The lowest height that is not in memory yet; undefined if nothing is in memory. */
  #next: bigint | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#meta = new MetaRows(db);
    this.#sql = prepare(db);
  }

  /** The lowest height at or above `from` whose block has data of this digest. */
  find(digest: Digest, from: bigint): bigint | undefined {
    this.#catchUp(); // before the table is searched: it may have got blocks that were in memory
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

  /** Call it in the transaction that stores an accepted block. If that fails, call `forget`. */
  add(entry: DigestEntry): void {
    if (entry.height === this.#next) this.#remember(entry);
    else this.#catchUp();
    if (this.#newest.length < batchBlocks && this.#bytes < batchBytes) return;
    this.#insert(sorted(this.#newest));
    const next = this.#next ?? 0n;
    this.#setIndexed(next - 1n);
    this.#begin(next);
  }

  /** Whether the table lacks more than a batch, or has more heights than the chain. */
  get needsFilling(): boolean {
    const lacking = this.#lastHeight - this.#indexed;
    return lacking < 0n || lacking >= batchBlocks;
  }

  /** Forgets what is in memory. */
  forget(): void {
    this.#begin(undefined);
  }

  /**
   * Adds all missing blocks to the table, except a last part of less than a batch, which stays in memory. First clears
   * a table that has more heights than the chain. Yields after each step of some milliseconds; nothing else may change
   * the file before the last step.
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

  /** Removes all above a height. Call it in the transaction that removes these blocks, before they are removed. */
  removeAbove(height: bigint): void {
    this.forget();
    const indexed = this.#indexed;
    if (indexed <= height) return;
    if (!this.#removeEach(height, indexed)) this.#sql.removeAbove.run(height);
    this.#setIndexed(height);
  }

  clear(): void {
    this.forget();
    this.#sql.clear.run();
    this.#meta.remove(indexedName);
  }

  /** Adds blocks accepted since to memory, and drops those from memory that are in the table now. */
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

  /** Keeps only these in memory. They follow the last height of the table. */
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

  /** Adds a run to the table in one transaction. */
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

  /** Removes the entry of each block above a height. Gives whether it found all: with a damaged block it cannot. */
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

  /** The lowest block at or above a height. Skips blocks that do not parse. */
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

/** Reads the value in `meta`: the height up to which the table has every block; -1 for undefined. Throws `Damage`. */
export function indexedIn(value: unknown): bigint {
  if (value === undefined) return -1n;
  const { buffer, byteOffset } = expectBytes(value, `the meta row ${indexedName}`, heightBytes);
  return new DataView(buffer, byteOffset).getBigInt64(0);
}

/** The first eight bytes of a digest, by which the table finds it. */
export function prefixOf(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(digest.slice(0, 16));
}

function bytesOf(entries: readonly DigestEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function sorted(entries: readonly DigestEntry[]): DigestEntry[] {
  return entries.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

function prepare(db: Database) {
  return {
    find: db.query<Row<"height">, [Uint8Array, bigint]>(
      "SELECT height FROM digests WHERE prefix = ? AND height >= ? ORDER BY height LIMIT 1",
    ),
    next: db.query<Row<"height" | "data" | "bytes">, [bigint]>(
      "SELECT height, data, bytes FROM blocks WHERE height >= ? ORDER BY height LIMIT 1",
    ),
    last: db.query<Row<"height">, []>("SELECT max(height) AS height FROM blocks"),
    // An entry may be there already, or be wrong: a look-up compares the block's own digest.
    insert: db.query<unknown, [Uint8Array, bigint]>("INSERT OR IGNORE INTO digests (prefix, height) VALUES (?, ?)"),
    remove: db.query<unknown, [Uint8Array, bigint]>("DELETE FROM digests WHERE prefix = ? AND height = ?"),
    removeAbove: db.query<unknown, [bigint]>("DELETE FROM digests WHERE height > ?"),
    clear: db.query<unknown, []>("DELETE FROM digests"),
  };
}
