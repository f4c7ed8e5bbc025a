import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";
import { type Block, createBlock, parseBlock } from "../core/block.ts";
import { blockKey, blockKeyBytes, idInBlockKey } from "../core/block-key.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import { type Listing, listBlock, listedBytes, readDataStart } from "../core/listing.ts";
import { maxDataBytes } from "../core/proposal.ts";
import { type BlockRow, type ListingRow, prepareBlocks, reencodedPrefix, rewindBlocks } from "./block-statements.ts";
import { damaged, openDatabase, translating } from "./database.ts";
import type { FileError } from "./errors.ts";
import { ProposalTable } from "./proposal-table.ts";

export type Decision = "accepted" | "rejected";

/** Blocks that one `rewindAndRequeue` should take at most: they are read and parsed, which takes some tens of milliseconds. */
export const requeueStretch = 200n;

/** How much a commit survives: "normal" any crash of the process, "full" a power cut as well. */
export type Durability = "normal" | "full";

/**
 * The decided blocks of one chain, and the proposals that wait for one, in one SQLite file. Everything runs to
 * completion; one commit holds one fact.
 */
export class BlockStore {
  readonly file: string;
  readonly proposals: ProposalTable;
  #instanceId: Uint8Array;
  #highestRejected: bigint;
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepareBlocks>;

  /**
   * Opens or makes `file`; ":memory:" keeps nothing. A new one gets `newInstanceId`. Throws "database in use" or
   * "database failed".
   */
  static open(file: string, newInstanceId: Uint8Array = randomBytes(instanceIdBytes)): BlockStore {
    const db = openDatabase(file);
    try {
      return translating(file, () => new BlockStore(file, db, newInstanceId));
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private constructor(file: string, db: Database, newInstanceId: Uint8Array) {
    this.file = file;
    this.#db = db;
    this.#sql = prepareBlocks(db);
    this.proposals = new ProposalTable(file, db);
    this.#instanceId = this.#run(() => this.#readOrSetInstanceId(newInstanceId));
    this.#highestRejected = this.#run(() => this.#sql.highestRejected.get()?.height ?? -1n);
  }

  /** 16 random bytes, made with the file: they tell it from its copies' siblings. */
  get instanceId(): Uint8Array {
    return this.#instanceId;
  }

  /** No block above this height was ever rejected; -1 when none was. */
  get highestRejected(): bigint {
    return this.#highestRejected;
  }

  /** The accepted block of the greatest height. Throws "database failed" in a new file: it has none. */
  lastAccepted(): Block {
    return this.#run(() => {
      const block = this.#blockIn(this.#sql.last.get());
      if (block === undefined) throw damaged(this.file, "it has no last accepted block");
      return block;
    });
  }

  /** The height of the last accepted block; undefined in a new file. */
  lastHeight(): bigint | undefined {
    return this.#run(() => this.#sql.lastHeight.get()?.height);
  }

  /** An accepted block. This and all that give one throw "database failed" when its bytes are not those that were stored. */
  getBlock(id: Id): Block | undefined {
    return this.#run(() => {
      const row = this.#sql.bytesByKey.get(blockKey(id));
      return row?.bytes ? this.#parse(id, row.bytes) : undefined;
    });
  }

  /** The accepted block at a height, any u64. Throws "database failed" when the block itself says another height. */
  getBlockAtHeight(height: bigint): Block | undefined {
    const block = this.#findAtHeight(height);
    if (block !== undefined && block.height !== height) throw this.damaged(`block ${block.id} has a wrong height`);
    return block;
  }

  /** The accepted block that stands at a height, whatever it says itself. Throws "database failed" when there is none. */
  expectBlockAtHeight(height: bigint): Block {
    const block = this.#findAtHeight(height);
    if (block === undefined) throw this.damaged(`the block at height ${height} is missing`);
    return block;
  }

  getIdAtHeight(height: bigint): Id | undefined {
    return this.getBlockAtHeight(height)?.id;
  }

  /** The accepted block of the greatest timestamp, and then height, whose timestamp is not after the given one, any u64. */
  getLastBlockAt(timestamp: bigint): Block | undefined {
    return this.#run(() => {
      const block = this.#blockIn(this.#sql.lastAt.get(timestamp > maxSqlInteger ? maxSqlInteger : timestamp));
      if (block !== undefined && block.timestamp > timestamp)
        throw this.damaged(`block ${block.id} has a wrong timestamp`);
      return block;
    });
  }

  /** The lowest accepted block, from a height up, whose data has this digest. */
  findBlock(digest: Digest, from: bigint): Block | undefined {
    if (from > maxSqlInteger) return undefined;
    return this.#run(() => {
      const block = this.#blockIn(this.#sql.firstByDigest.get(digestToBytes(digest), from));
      const isRight = block === undefined || (block.height >= from && digestOf(block.data) === digest);
      if (!isRight) throw this.damaged(`block ${block.id} has a wrong digest`);
      return block;
    });
  }

  /**
   * The listing of the accepted block at a height, any u64. Blocks of up to `listedBytes` are read as everywhere; of larger
   * ones it is what stands beside them, which `db check` compares with them.
   */
  getListingAtHeight(height: bigint): Listing | undefined {
    return height > maxSqlInteger ? undefined : this.#run(() => this.#listingIn(this.#sql.listingAtHeight.get(height)));
  }

  /** The same for the lowest accepted block, from a height up, whose data has this digest. */
  findListing(digest: Digest, from: bigint): Listing | undefined {
    if (from > maxSqlInteger) return undefined;
    return this.#run(() => this.#listingIn(this.#sql.listingByDigest.get(digestToBytes(digest), from)));
  }

  /** Whether an accepted block, from a height up, carries data of this digest: no block is read for it. */
  carries(digest: Digest, from: bigint): boolean {
    return from <= maxSqlInteger && this.#run(() => this.#sql.hasDigest.get(digestToBytes(digest), from) !== null);
  }

  getDecision(id: Id): Decision | undefined {
    return this.#run(() => {
      const row = this.#sql.statusByKey.get(blockKey(id));
      if (!row) return undefined;
      const isAccepted = row.status === accepted;
      const isRight = this.#idOf(row.key) === id && isAccepted === (row.isHeld === 1n);
      if (!isRight) throw damaged(this.file, `block ${id} has a wrong status`);
      return isAccepted ? "accepted" : "rejected";
    });
  }

  /** Makes `block`, which carries `digest`, the last accepted one, and takes that out of the proposals, in one transaction. */
  accept(block: Block, digest: Digest): void {
    this.#transact(() => {
      const { id, height, timestamp, bytes } = block;
      this.#sql.insertAccepted.run(blockKey(id), height, timestamp, digestToBytes(digest), bytes);
      this.proposals.remove(digest);
    });
  }

  /** Puts accepted blocks wherever their heights belong, in one transaction. */
  acceptAll(blocks: readonly Block[]): void {
    this.#transact(() => {
      for (const block of blocks) this.accept(block, digestOf(block.data));
    });
  }

  reject({ id, height }: Block): void {
    this.#run(() => this.#sql.insertRejected.run(blockKey(id), height));
    if (height > this.#highestRejected) this.#highestRejected = height;
  }

  /** The same for several, in one transaction. */
  rejectAll(blocks: readonly Block[]): void {
    this.#transact(() => {
      for (const block of blocks) this.reject(block);
    });
  }

  /** Takes every block above `height` off the chain, in one transaction. */
  rewind(height: bigint): void {
    this.#transact(() => rewindBlocks(this.#sql, height));
  }

  /** The same, and its data waits again, before all other proposals, since `now` (Unix seconds). */
  rewindAndRequeue(height: bigint, now: bigint): void {
    this.#transact(() => {
      for (let at = this.lastHeight() ?? height; at > height; at--) {
        const { data } = this.expectBlockAtHeight(at);
        if (data.length > maxDataBytes) continue; // another VM's, that ours may not build
        this.proposals.putFirst({ digest: digestOf(data), data, bytes: data.length, since: now, peer: undefined });
      }
      this.rewind(height);
    });
  }

  /**
   * Takes all blocks above `height` off, or without it all, genesis as well, and makes the file one that no head marker
   * knows, in one transaction.
   */
  startAnew(height?: bigint): void {
    this.#transact(() => {
      if (height === undefined) {
        this.#sql.deleteBlocks.run();
        this.#sql.deleteMeta.run();
      } else this.rewind(height);
      this.#instanceId = randomBytes(instanceIdBytes);
      this.#sql.setMeta.run(instanceName, this.#instanceId);
    });
  }

  /** The same as `acceptAll` for block `id` of which only another form is left, `block`: it is known by the id it had. */
  acceptReencoded(id: Id, block: Block): void {
    this.#transact(() => {
      this.accept({ ...block, id }, digestOf(block.data));
      this.#sql.setMeta.run(reencodedName(id), idToBytes(block.id));
    });
  }

  setDurability(durability: Durability): void {
    this.#run(() => this.#db.run(`PRAGMA synchronous = ${durability}`));
  }

  /** Moves everything from the write-ahead log into the file, synced. */
  checkpoint(): void {
    this.#run(() => this.#db.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  /** Bytes of the file, without its write-ahead log. */
  size(): number {
    return this.#run(() => Number(this.#sql.size.get()?.bytes ?? 0n));
  }

  /** The error for a file that contradicts itself. */
  damaged(problem: string): FileError {
    return damaged(this.file, problem);
  }

  /** Releases the file. Nothing else may be called afterwards. */
  close(): void {
    this.#db.close(true);
  }

  #readOrSetInstanceId(newInstanceId: Uint8Array): Uint8Array {
    const known = this.#sql.getMeta.get(instanceName)?.value;
    if (known !== undefined) return this.#expectBytes(known, instanceIdBytes, "its instance id");
    if (this.#sql.lastHeight.get()) throw damaged(this.file, "its instance id is missing");
    this.#sql.setMeta.run(instanceName, newInstanceId);
    return newInstanceId;
  }

  #findAtHeight(height: bigint): Block | undefined {
    return height > maxSqlInteger ? undefined : this.#run(() => this.#blockIn(this.#sql.byHeight.get(height)));
  }

  #blockIn(row: BlockRow | null): Block | undefined {
    return row === null ? undefined : this.#parse(this.#idOf(row.key), row.bytes);
  }

  #listingIn(row: ListingRow | null): Listing | undefined {
    if (row === null) return undefined;
    const { height, timestamp, size, start } = row;
    const id = this.#idOf(row.key);
    if (size <= listedBytes) {
      const block = this.#parse(id, start);
      if (block.height !== height || block.timestamp !== timestamp)
        throw damaged(this.file, `block ${id} has a wrong row`);
      return listBlock(block);
    }
    return { id, height, timestamp, start: readDataStart(start), dataBytes: undefined, bytes: Number(size) };
  }

  #idOf(key: unknown): Id {
    return idInBlockKey(this.#expectBytes(key, blockKeyBytes, "a key"));
  }

  /** The id is the checksum of the bytes, or names it. */
  #parse(id: Id, bytes: Uint8Array): Block {
    try {
      const block = parseBlock(bytes);
      if (block.id === id) return block;
      const checksum = this.#sql.getMeta.get(reencodedName(id))?.value;
      if (checksum && idFromBytes(checksum) === block.id) return { ...block, id };
    } catch {
      // Refused below, as every other damage.
    }
    throw damaged(this.file, `block ${id} is damaged`);
  }

  /** What SQLite gives has the declared type only while the file is sound. */
  #expectBytes(value: unknown, length: number, what: string): Uint8Array {
    if (value instanceof Uint8Array && value.length === length) return value;
    throw damaged(this.file, `${what} is damaged`);
  }

  /** One inside another is part of it. */
  #transact(work: () => void): void {
    this.#run(() => this.#db.transaction(work).immediate());
  }

  #run<T>(work: () => T): T {
    return translating(this.file, work);
  }
}

export const instanceIdBytes = 16;
export const instanceName = "instance_id";

/** In hex, as SQLite can say it of a key. */
export function reencodedName(id: Id): string {
  return `${reencodedPrefix}${idToBytes(id).toHex()}`;
}

/** Whether `stored` can be what timestampvm-rs kept of block `id`: all that it encodes again is canonical. */
export function isReencoded(id: Id, stored: Block): boolean {
  return stored.id !== id && stored.height > 0n && stored.id === createBlock(stored).id;
}

const accepted = 3n;
/** SQLite's integers are signed. Heights beyond cannot be reached. */
const maxSqlInteger = 2n ** 63n - 1n;
