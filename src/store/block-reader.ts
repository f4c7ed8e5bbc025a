import type { Database } from "bun:sqlite";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { blockKey, blockKeyBytes } from "../core/block-key.ts";
import type { Digest } from "../core/digest.ts";
import { problemInHistory } from "../core/history.ts";
import type { Listing } from "../core/listing.ts";
import { AttestationTable } from "./attestation-table.ts";
import { type BlockQuestions, prepareQuestions } from "./block-statements.ts";
import { expectBytes, expectInteger, maxSqlInteger } from "./columns.ts";
import { openForReading, openReader } from "./database.ts";
import { DigestIndex } from "./digest-index.ts";
import type { FileError } from "./errors.ts";
import { Damage, damaged, translating } from "./failures.ts";
import { type FirstSight, firstSightIn } from "./first-sight.ts";
import { ProposalTable } from "./proposal-table.ts";
import { type BlockRow, blockIn, idIn, listingIn } from "./stored-block.ts";
import { TreeTable } from "./tree-table.ts";

/** What became of a block. */
export type Decision = "accepted" | "rejected";

/** All that is kept of a rejected block. */
export type RejectedBlock = Pick<Block, "id" | "height">;

/** All that is kept of an accepted block. Its bytes have another hash where timestampvm-rs encoded it again. */
export interface BlockRecord {
  readonly block: Block;
  readonly firstSight: FirstSight | undefined;
}

/** Length of an instance id in bytes. */
export const instanceIdBytes = 16;
/** The name of the row in `meta` that has the instance id. */
export const instanceName = "instance_id";

/**
 * Reads the decided blocks of one chain from its SQLite file. Heights and timestamps may be any u64. Whatever gives a
 * block throws "database failed" when its bytes are not those that were stored.
 */
export class BlockReader {
  /** The path of the file. */
  readonly file: string;
  /** What waits for a block. SQLite lets only a `BlockStore` change this, the trees and the attestations. */
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

  /** Reads a file that this process has open, on any of its threads, with each commit as soon as it is made. */
  static openBeside(file: string): BlockReader {
    return readerOn(file, openReader(file));
  }

  /** Reads a file of any schema, which nobody else may have open meanwhile: see `openForReading`. */
  static openAlone(file: string): BlockReader {
    return readerOn(file, openForReading(file));
  }

  /** The accepted block of the greatest height. Throws "database failed" in a new file: it has none. */
  lastAccepted(): Block {
    return this.run(() => {
      const block = this.#blockIn(this.#sql.last.get());
      if (block === undefined) throw new Damage("it has no last accepted block");
      return block;
    });
  }

  /**
   * The last accepted block as its row names it, whether or not that can be read: its parent may be missing. Throws
   * "database failed" in a new file.
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

  /** An accepted block. */
  getBlock(id: Id): Block | undefined {
    return this.run(() => this.#blockIn(this.#sql.byKey.get(blockKey(id)), id));
  }

  /** The accepted block at a height. Throws "database failed" when the block itself says another height. */
  getBlockAtHeight(height: bigint): Block | undefined {
    const block = this.#findAtHeight(height);
    if (block !== undefined && block.height !== height) throw this.damaged(`block ${block.id} has a wrong height`);
    return block;
  }

  /** The id of the accepted block at a height. */
  getIdAtHeight(height: bigint): Id | undefined {
    return this.getBlockAtHeight(height)?.id;
  }

  /** The accepted block at a height, whatever height it says itself. Throws "database failed" when there is none. */
  expectBlockAtHeight(height: bigint): Block {
    const block = this.#findAtHeight(height);
    if (block === undefined) throw this.damaged(`the block at height ${height} is missing`);
    return block;
  }

  /**
   * The accepted blocks from one height up to another, each read when it is asked for. Throws "database failed" when
   * one is missing, or cannot follow the one before.
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

  /** The same with all that is kept of them. */
  *records(from: bigint, to: bigint): Generator<BlockRecord, void> {
    for (const block of this.history(from, to)) yield { block, firstSight: this.firstSightAt(block.height) };
  }

  /** When the accepted block at a height was first seen; undefined where nobody says it. */
  firstSightAt(height: bigint): FirstSight | undefined {
    return this.run(() => {
      const row = this.#sql.sightAt.get(height);
      return row === null ? undefined : firstSightIn(row, `the block at height ${height}`);
    });
  }

  /**
   * How many bytes are stored of the accepted block at a height: of its data, or of all of it; 0 where there is none.
   * Reads none of them.
   */
  bytesAtHeight(height: bigint): number {
    return this.run(() => {
      const row = this.#sql.bytesAt.get(height);
      return row === null ? 0 : Number(expectInteger(row.bytes, `the block at height ${height}`));
    });
  }

  /** The accepted block of the greatest timestamp up to this one; of those with the same, the highest. */
  getLastBlockAt(timestamp: bigint): Block | undefined {
    return this.run(() => {
      const height = this.#lastHeightAt(timestamp);
      if (height === undefined) return undefined;
      const block = this.expectBlockAtHeight(height);
      if (block.timestamp > timestamp) throw new Damage(`block ${block.id} has a wrong timestamp`);
      return block;
    });
  }

  /** The lowest accepted block, from a height up, whose data has this digest. */
  findBlock(digest: Digest, from: bigint): Block | undefined {
    return this.run(() => {
      const height = this.#findHeight(digest, from);
      return height === undefined ? undefined : this.getBlockAtHeight(height);
    });
  }

  /**
   * The listing of the accepted block at a height. One of up to `listedBytes` is read and checked; of a larger one the
   * listing is what the row says, which only `db check` compares with the block.
   */
  getListingAtHeight(height: bigint): Listing | undefined {
    if (height > maxSqlInteger) return undefined;
    return this.run(() => {
      const row = this.#sql.listingAtHeight.get(height);
      return row === null ? undefined : listingIn(row, this.#sql.reencoded);
    });
  }

  /** The same for the lowest accepted block, from a height up, whose data has this digest. */
  findListing(digest: Digest, from: bigint): Listing | undefined {
    return this.run(() => {
      const height = this.#findHeight(digest, from);
      return height === undefined ? undefined : this.getListingAtHeight(height);
    });
  }

  /** Whether an accepted block, from a height up, carries data of this digest. Believes the row. */
  carries(digest: Digest, from: bigint): boolean {
    return this.run(() => this.#findHeight(digest, from) !== undefined);
  }

  /** What became of a block; undefined for one that is not decided. */
  getDecision(id: Id): Decision | undefined {
    return this.run(() => {
      const key = blockKey(id);
      if (this.#sql.isAccepted.get(key) !== null) return "accepted";
      return this.#sql.isRejected.get(key) === null ? undefined : "rejected";
    });
  }

  /** Up to `limit` rejected blocks that come behind `after`, by height and then by key. */
  getRejected(after: RejectedBlock | undefined, limit: number): RejectedBlock[] {
    return this.run(() => {
      const last = after === undefined ? new Uint8Array() : blockKey(after.id);
      return this.#sql.rejectedAfter.all(after?.height ?? -1n, last, limit).map((row) => {
        const key = expectBytes(row.key, "a key", blockKeyBytes);
        const height = expectInteger(row.height, "the height of a rejected block");
        const comesBehind = height === after?.height ? Buffer.compare(key, last) > 0 : height > (after?.height ?? -1n);
        // See `expectAbove`.
        if (!comesBehind) throw new Damage("the height of a rejected block is damaged");
        return { id: idIn(key, "a key"), height };
      });
    });
  }

  /** No block above this height was ever rejected; -1 when none was. */
  readHighestRejected(): bigint {
    return this.run(() => {
      const height = this.#sql.highestRejected.get()?.height ?? -1n; // NULL where there is none
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

  /** Bytes of the file, without its write-ahead log. */
  size(): bigint {
    return this.run(() => expectInteger(this.#sql.size.get()?.bytes, "its size"));
  }

  /** Releases the file. Nothing else may be called afterwards. */
  close(): void {
    this.db.close(true);
  }

  /** The error for a file that contradicts itself. */
  damaged(problem: string): FileError {
    return damaged(this.file, problem);
  }

  /** Runs what SQLite does; what that throws becomes a `FileError`. */
  protected run<T>(work: () => T): T {
    return translating(this.file, work);
  }

  /** Made when it is needed: an old file has no such table. */
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

  /** Times never fall with the height, and rise nearly evenly: a time is sought where it would be, or in the middle. */
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

/** Closes the database when it cannot be read. */
function readerOn(file: string, db: Database): BlockReader {
  try {
    return translating(file, () => new BlockReader(file, db));
  } catch (error) {
    db.close();
    throw error;
  }
}

type PlaceInTime = Pick<Block, "height" | "timestamp">;

/** A height between two others, where the time would be if blocks came evenly. */
function guessBetween(early: PlaceInTime, late: PlaceInTime, timestamp: bigint): bigint {
  const heights = late.height - early.height - 1n;
  const span = late.timestamp - early.timestamp;
  const steps = span > 0n ? (heights * (timestamp - early.timestamp)) / span : 0n;
  return early.height + 1n + (steps < heights ? steps : heights - 1n);
}
