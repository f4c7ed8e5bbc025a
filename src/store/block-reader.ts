import type { Database } from "bun:sqlite";
import type { Id } from "../avalanche/id.ts";
import type { IdRange } from "../avalanche/id-start.ts";
import type { Block } from "../core/block.ts";
import { blockKey, blockKeyBytes } from "../core/block-key.ts";
import type { Digest } from "../core/digest.ts";
import { problemInHistory } from "../core/history.ts";
import type { Listing } from "../core/listing.ts";
import type { FirstSight } from "../core/time-claim.ts";
import { AttestationTable } from "./attestation-table.ts";
import { type BlockQuestions, prepareQuestions } from "./block-statements.ts";
import { expectBytes, expectInteger, maxSqlInteger } from "./columns.ts";
import { openForReading } from "./database.ts";
import { DigestIndex } from "./digest-index.ts";
import type { FileError } from "./errors.ts";
import { Damage, damaged, translating } from "./failures.ts";
import { firstSightIn } from "./first-sight.ts";
import { ProposalTable } from "./proposal-table.ts";
import { openReader } from "./shared-database.ts";
import { type BlockRow, blockIn, idIn, listingIn } from "./stored-block.ts";
import { TreeTable } from "./tree-table.ts";

/** What became of a block. */
export type Decision = "accepted" | "rejected";

/** All that the file keeps of a rejected block. */
export type RejectedBlock = Pick<Block, "id" | "height">;

/** All that the file keeps of an accepted block. If timestampvm-rs encoded it again, its bytes have another hash. */
export interface BlockRecord {
  readonly block: Block;
  readonly firstSight: FirstSight | undefined;
}

/** Length of an instance id in bytes. */
export const instanceIdBytes = 16;
/** The name of the instance id's row in `meta`. */
export const instanceName = "instance_id";

/**
 * Reads the decided blocks of one chain from its SQLite file. Heights and timestamps may be any u64. Every method that
 * gives a block throws "database failed" if its bytes do not match its id.
 */
export class BlockReader {
  readonly file: string;
  /** The proposals that wait for a block. Only a `BlockStore` may change these three tables. */
  readonly proposals: ProposalTable;
  readonly trees: TreeTable;
  readonly attestations: AttestationTable;
  protected readonly db: Database;
  readonly #sql: BlockQuestions;
  #digests: DigestIndex | undefined;

  constructor(file: string, db: Database) {
    this.file = file;
    this.db = db;
    this.#sql = prepareQuestions(db);
    this.proposals = new ProposalTable(file, db);
    this.trees = new TreeTable(file, db);
    this.attestations = new AttestationTable(file, db);
  }

  /** Opens a second reader, on any thread, of a file that this process has open. It sees each commit at once. */
  static openBeside(file: string): BlockReader {
    return readerOn(file, openReader(file));
  }

  /** Opens a file of any schema for this reader alone: see `openForReading`. */
  static openAlone(file: string): BlockReader {
    return readerOn(file, openForReading(file));
  }

  /** The accepted block of the greatest height. Throws "database failed" in a new file, which has none. */
  lastAccepted(): Block {
    return this.run(() => {
      const block = this.#blockIn(this.#sql.last.get());
      if (block === undefined) throw new Damage("it has no last accepted block");
      return block;
    });
  }

  /**
   * The last accepted block, from its row alone: the block itself may be unreadable, for example without its parent.
   * Throws "database failed" in a new file.
   */
  head(): Pick<Block, "id" | "height"> {
    return this.run(() => {
      const row = this.#sql.head.get();
      if (row === null) throw new Damage("it has no last accepted block");
      return {
        id: idIn(row.key, "the key of its last block"),
        height: expectInteger(row.height, "the height of its last block"),
      };
    });
  }

  /** The height of the last accepted block; undefined in a new file. */
  lastHeight(): bigint | undefined {
    return this.run(() => {
      const row = this.#sql.lastHeight.get();
      return row === null ? undefined : expectInteger(row.height, "the height of its last block");
    });
  }

  /** An accepted block; undefined if there is none. */
  getBlock(id: Id): Block | undefined {
    return this.run(() => this.#blockIn(this.#sql.byKey.get(blockKey(id)), id));
  }

  /** The heights of accepted blocks whose ids begin with these eight bytes, or some between; `limit` at most. */
  findHeights({ first, last }: IdRange, limit: number): bigint[] {
    return this.run(() => {
      const rows = this.#sql.heightsOfIds.all(first, last, limit);
      return rows.map(({ height }) => expectInteger(height, "the height of a block"));
    });
  }

  /** The accepted block at a height. Throws "database failed" if the block itself has another height. */
  getBlockAtHeight(height: bigint): Block | undefined {
    const block = this.#findAtHeight(height);
    if (block !== undefined && block.height !== height) throw this.damaged(`block ${block.id} has a wrong height`);
    return block;
  }

  getIdAtHeight(height: bigint): Id | undefined {
    return this.getBlockAtHeight(height)?.id;
  }

  /** The accepted block at a height, even if it has another height itself. Throws "database failed" for none. */
  expectBlockAtHeight(height: bigint): Block {
    const block = this.#findAtHeight(height);
    if (block === undefined) throw this.damaged(`the block at height ${height} is missing`);
    return block;
  }

  /**
   * The accepted blocks between two heights, both included, each read when it is needed. Throws "database failed" if
   * one is missing, or cannot follow the one before it.
   */
  *history(from: bigint, to: bigint): Generator<Block, void> {
    let parent = from === 0n ? undefined : this.expectBlockAtHeight(from - 1n);
    for (let height = from; height <= to; height++) {
      const block = this.expectBlockAtHeight(height);
      const problem = problemInHistory(block, parent);
      if (problem !== undefined) throw this.damaged(`block ${block.id} at height ${height} ${problem}`);
      yield block;
      parent = block;
    }
  }

  /** The same, with all that the file keeps of each block. */
  *records(from: bigint, to: bigint): Generator<BlockRecord, void> {
    for (const block of this.history(from, to)) yield { block, firstSight: this.firstSightAt(block.height) };
  }

  /** When the accepted block at a height was first seen; undefined if that is not known. */
  firstSightAt(height: bigint): FirstSight | undefined {
    return this.run(() => {
      const row = this.#sql.sightAt.get(height);
      return row === null ? undefined : firstSightIn(row, `the block at height ${height}`);
    });
  }

  /**
   * The number of bytes stored for the accepted block at a height, either of its data or of the whole block; 0 for no
   * block. Does not read these bytes.
   */
  bytesAtHeight(height: bigint): number {
    return this.run(() => {
      const row = this.#sql.bytesAt.get(height);
      return row === null ? 0 : Number(expectInteger(row.bytes, `the block at height ${height}`));
    });
  }

  /** The highest accepted block whose timestamp is not after this one. */
  getLastBlockAt(timestamp: bigint): Block | undefined {
    return this.run(() => {
      const height = this.#lastHeightAt(timestamp);
      if (height === undefined) return undefined;
      const block = this.expectBlockAtHeight(height);
      if (block.timestamp > timestamp) throw new Damage(`block ${block.id} has a wrong timestamp`);
      return block;
    });
  }

  /** The lowest accepted block at or above a height whose data has this digest. */
  findBlock(digest: Digest, from: bigint): Block | undefined {
    return this.run(() => {
      const height = this.#findHeight(digest, from);
      return height === undefined ? undefined : this.getBlockAtHeight(height);
    });
  }

  /**
   * The listing of the accepted block at a height. A block of up to `listedBytes` is read and checked. The listing of a
   * larger one is made from its row, which only `db check` compares with the block.
   */
  getListingAtHeight(height: bigint): Listing | undefined {
    if (height > maxSqlInteger) return undefined;
    return this.run(() => {
      const row = this.#sql.listingAtHeight.get(height);
      return row === null ? undefined : listingIn(row, this.#sql.reencoded);
    });
  }

  /** The listing of the block that `findBlock` gives. */
  findListing(digest: Digest, from: bigint): Listing | undefined {
    return this.run(() => {
      const height = this.#findHeight(digest, from);
      return height === undefined ? undefined : this.getListingAtHeight(height);
    });
  }

  /** Whether an accepted block at or above a height carries data of this digest. Does not check that block. */
  carries(digest: Digest, from: bigint): boolean {
    return this.run(() => this.#findHeight(digest, from) !== undefined);
  }

  /** What became of a block; undefined if it is not decided. */
  getDecision(id: Id): Decision | undefined {
    return this.run(() => {
      const key = blockKey(id);
      if (this.#sql.isAccepted.get(key) !== null) return "accepted";
      return this.#sql.isRejected.get(key) === null ? undefined : "rejected";
    });
  }

  /** Up to `limit` rejected blocks that follow `after`, ordered by height and then by key. */
  getRejected(after: RejectedBlock | undefined, limit: number): RejectedBlock[] {
    return this.run(() => {
      const last = after === undefined ? new Uint8Array() : blockKey(after.id);
      return this.#sql.rejectedAfter.all(after?.height ?? -1n, last, limit).map((row) => {
        const key = expectBytes(row.key, "a key", blockKeyBytes);
        const height = expectInteger(row.height, "the height of a rejected block");
        const comesBehind = height === after?.height ? Buffer.compare(key, last) > 0 : height > (after?.height ?? -1n);
        // A damaged file could make the caller loop for ever: see `expectAbove`.
        if (!comesBehind) throw new Damage("the height of a rejected block is damaged");
        return { id: idIn(key, "a key"), height };
      });
    });
  }

  /** The greatest height of a rejected block; -1 if there is none. */
  readHighestRejected(): bigint {
    return this.run(() => {
      const height = this.#sql.highestRejected.get()?.height ?? -1n; // NULL without one
      return expectInteger(height, "the height of a rejected block");
    });
  }

  /** The instance id of the file, 16 bytes: see `BlockStore`. */
  readInstanceId(): Uint8Array {
    const id = this.findInstanceId();
    if (id === undefined) throw this.damaged("its instance id is missing");
    return id;
  }

  protected findInstanceId(): Uint8Array | undefined {
    return this.run(() => {
      const value = this.#sql.meta.get(instanceName);
      return value === undefined ? undefined : expectBytes(value, "its instance id", instanceIdBytes);
    });
  }

  /** The size of the file in bytes, without its write-ahead log. */
  size(): bigint {
    return this.run(() => expectInteger(this.#sql.size.get()?.bytes, "its size"));
  }

  /** Releases the file. Nothing may be called afterwards. */
  close(): void {
    this.db.close(true);
  }

  /** The error for damage in this file. */
  damaged(problem: string): FileError {
    return damaged(this.file, problem);
  }

  /** Runs `work`. An error of SQLite becomes a `FileError`. */
  protected run<T>(work: () => T): T {
    return translating(this.file, work);
  }

  /** Made when it is first needed, since an old file has no such table. */
  protected get digests(): DigestIndex {
    this.#digests ??= new DigestIndex(this.db);
    return this.#digests;
  }

  #findAtHeight(height: bigint): Block | undefined {
    return height > maxSqlInteger ? undefined : this.run(() => this.#blockIn(this.#sql.byHeight.get(height)));
  }

  #findHeight(digest: Digest, from: bigint): bigint | undefined {
    return from > maxSqlInteger ? undefined : this.digests.find(digest, from);
  }

  /**
   * The greatest height whose block is not after `timestamp`. Timestamps never fall with the height, and rise nearly
   * evenly: so the search looks by turns where an even rise would put the time, and in the middle.
   */
  #lastHeightAt(timestamp: bigint): bigint | undefined {
    const last = this.lastHeight();
    if (last === undefined) return undefined;
    let early: PlaceInTime = { height: -1n, timestamp: 0n };
    let late: PlaceInTime = { height: last + 1n, timestamp: this.#timestampAt(last) + 1n };
    for (let isGuess = true; late.height - early.height > 1n; isGuess = !isGuess) {
      const height = isGuess ? guessBetween(early, late, timestamp) : (early.height + late.height) / 2n;
      const place = { height, timestamp: this.#timestampAt(height) };
      if (place.timestamp <= timestamp) early = place;
      else late = place;
    }
    return early.height < 0n ? undefined : early.height;
  }

  #timestampAt(height: bigint): bigint {
    const row = this.#sql.timestampAt.get(height);
    if (row === null) throw new Damage(`the block at height ${height} is missing`);
    return expectInteger(row.timestamp, `the block at height ${height}`);
  }

  #blockIn(row: BlockRow | null, id?: Id): Block | undefined {
    return row === null ? undefined : blockIn(row, this.#sql.reencoded, id);
  }
}

/** Closes the database if it cannot be read. */
function readerOn(file: string, db: Database): BlockReader {
  try {
    return translating(file, () => new BlockReader(file, db));
  } catch (error) {
    db.close();
    throw error;
  }
}

type PlaceInTime = Pick<Block, "height" | "timestamp">;

/** The height, between two others, that would have this time if timestamps rose evenly. */
function guessBetween(early: PlaceInTime, late: PlaceInTime, timestamp: bigint): bigint {
  const heights = late.height - early.height - 1n;
  const span = late.timestamp - early.timestamp;
  const steps = span > 0n ? (heights * (timestamp - early.timestamp)) / span : 0n;
  return early.height + 1n + (steps < heights ? steps : heights - 1n);
}
