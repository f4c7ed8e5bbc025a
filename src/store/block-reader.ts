import type { Database } from "bun:sqlite";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { blockKey, blockKeyBytes, idInBlockKey } from "../core/block-key.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import { problemInHistory } from "../core/history.ts";
import { type Listing, listBlock, listedBytes, readDataStart } from "../core/listing.ts";
import { type BlockRow, type BlockStatements, type ListingRow, prepareBlocks } from "./block-statements.ts";
import { expectBytes, expectInteger, maxSqlInteger, parseStored } from "./columns.ts";
import { openReader } from "./database.ts";
import type { FileError } from "./errors.ts";
import { Damage, damaged, translating } from "./failures.ts";
import { ProposalTable } from "./proposal-table.ts";

/** What became of a block. */
export type Decision = "accepted" | "rejected";

/** All that is kept of a rejected block. */
export type RejectedBlock = Pick<Block, "id" | "height">;

/** A rejected block, and the row that it has. */
export interface PlacedRejected extends RejectedBlock {
  readonly row: bigint;
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
  /** Of a reader beside the store they can only be read. */
  readonly proposals: ProposalTable;
  protected readonly db: Database;
  protected readonly sql: BlockStatements;

  constructor(file: string, db: Database) {
    this.file = file;
    this.db = db;
    this.sql = prepareBlocks(db);
    this.proposals = new ProposalTable(file, db);
  }

  /** Reads a file that this process has open, on any of its threads, with each commit as soon as it is made. */
  static openBeside(file: string): BlockReader {
    const db = openReader(file);
    try {
      return translating(file, () => new BlockReader(file, db));
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The accepted block of the greatest height. Throws "database failed" in a new file: it has none. */
  lastAccepted(): Block {
    return this.run(() => {
      const block = this.#blockIn(this.sql.last.get());
      if (block === undefined) throw new Damage("it has no last accepted block");
      return block;
    });
  }

  /** The height of the last accepted block; undefined in a new file. */
  lastHeight(): bigint | undefined {
    return this.run(() => {
      const row = this.sql.lastHeight.get();
      return row === null ? undefined : expectInteger(row.height, "the height of its last block");
    });
  }

  /** An accepted block. */
  getBlock(id: Id): Block | undefined {
    return this.run(() => {
      const bytes = this.sql.bytesByKey.get(blockKey(id))?.bytes ?? undefined; // a rejected one has NULL
      return bytes === undefined ? undefined : this.#parse(id, bytes);
    });
  }

  /** The accepted block at a height. Throws "database failed" when the block itself says another height. */
  getBlockAtHeight(height: bigint): Block | undefined {
    const block = this.#findAtHeight(height);
    if (block !== undefined && block.height !== height) throw this.damaged(`block ${block.id} has a wrong height`);
    return block;
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

  /** The id of the accepted block at a height. */
  getIdAtHeight(height: bigint): Id | undefined {
    return this.getBlockAtHeight(height)?.id;
  }

  /** The accepted block of the greatest timestamp up to this one; of those with the same, the highest. */
  getLastBlockAt(timestamp: bigint): Block | undefined {
    return this.run(() => {
      const block = this.#blockIn(this.sql.lastAt.get(timestamp > maxSqlInteger ? maxSqlInteger : timestamp));
      if (block !== undefined && block.timestamp > timestamp) {
        throw new Damage(`block ${block.id} has a wrong timestamp`);
      }
      return block;
    });
  }

  /** The lowest accepted block, from a height up, whose data has this digest. */
  findBlock(digest: Digest, from: bigint): Block | undefined {
    if (from > maxSqlInteger) return undefined;
    return this.run(() => {
      const block = this.#blockIn(this.sql.firstByDigest.get(digestToBytes(digest), from));
      const isRight = block === undefined || (block.height >= from && digestOf(block.data) === digest);
      if (!isRight) throw new Damage(`block ${block.id} has a wrong digest`);
      return block;
    });
  }

  /**
   * The listing of the accepted block at a height. A block of up to `listedBytes` is read and checked; of a larger one
   * the listing is what the other columns say, which only `db check` compares with the block.
   */
  getListingAtHeight(height: bigint): Listing | undefined {
    return height > maxSqlInteger ? undefined : this.run(() => this.#listingIn(this.sql.listingAtHeight.get(height)));
  }

  /** The same for the lowest accepted block, from a height up, whose data has this digest. */
  findListing(digest: Digest, from: bigint): Listing | undefined {
    if (from > maxSqlInteger) return undefined;
    return this.run(() => this.#listingIn(this.sql.listingByDigest.get(digestToBytes(digest), from)));
  }

  /** Whether an accepted block, from a height up, carries data of this digest. Believes the row, and reads no block. */
  carries(digest: Digest, from: bigint): boolean {
    return from <= maxSqlInteger && this.run(() => this.sql.hasDigest.get(digestToBytes(digest), from) !== null);
  }

  /** What became of a block; undefined for one that is not decided. */
  getDecision(id: Id): Decision | undefined {
    return this.run(() => {
      const row = this.sql.statusByKey.get(blockKey(id));
      if (row === null) return undefined;
      const isAccepted = row.status === accepted;
      const isRight = idIn(row.key) === id && isAccepted === (row.isHeld === 1n);
      if (!isRight) throw new Damage(`block ${id} has a wrong status`);
      return isAccepted ? "accepted" : "rejected";
    });
  }

  /** Up to `limit` rejected blocks that come behind `after`. They have an order of their own. */
  getRejected(after: PlacedRejected | undefined, limit: number): PlacedRejected[] {
    return this.run(() => {
      const rows = this.sql.rejectedAfter.all(after?.height ?? 0n, after?.row ?? 0n, limit);
      return rows.map(({ key, height, row }) => ({
        id: idIn(key),
        height: expectInteger(height, "the height of a rejected block"),
        row: expectInteger(row, "the row of a rejected block"),
      }));
    });
  }

  /** The instance id of the file, 16 bytes: see `BlockStore`. */
  readInstanceId(): Uint8Array {
    return this.run(() => expectBytes(this.sql.getMeta.get(instanceName)?.value, "its instance id", instanceIdBytes));
  }

  /** Bytes of the file, without its write-ahead log. */
  size(): bigint {
    return this.run(() => expectInteger(this.sql.size.get()?.bytes, "its size"));
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

  #findAtHeight(height: bigint): Block | undefined {
    return height > maxSqlInteger ? undefined : this.run(() => this.#blockIn(this.sql.byHeight.get(height)));
  }

  #blockIn(row: BlockRow | null): Block | undefined {
    return row === null ? undefined : this.#parse(idIn(row.key), row.bytes);
  }

  #listingIn(row: ListingRow | null): Listing | undefined {
    if (row === null) return undefined;
    const id = idIn(row.key);
    const what = `the row of block ${id}`;
    const height = expectInteger(row.height, what);
    const timestamp = expectInteger(row.timestamp, what);
    const bytes = Number(expectInteger(row.size, what));
    if (bytes > listedBytes) {
      return { id, height, timestamp, start: readDataStart(expectBytes(row.start, what)), dataBytes: undefined, bytes };
    }
    const block = this.#parse(id, row.start);
    if (block.height !== height || block.timestamp !== timestamp) throw new Damage(`block ${id} has a wrong row`);
    return listBlock(block);
  }

  /** The bytes must hash to the id, or to what is known of a block that timestampvm-rs encoded again. */
  #parse(id: Id, bytes: unknown): Block {
    const block = parseStored(bytes);
    if (block?.id === id) return block;
    if (block !== undefined && this.sql.reencoded.has(id, block.id)) return { ...block, id };
    throw new Damage(`block ${id} is damaged`);
  }
}

function idIn(key: unknown): Id {
  return idInBlockKey(expectBytes(key, "a key", blockKeyBytes));
}

/** The status of an accepted block. */
const accepted = 3n;
