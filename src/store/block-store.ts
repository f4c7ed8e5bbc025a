import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { blockKey } from "../core/block-key.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import type { FirstSight } from "../core/time-claim.ts";
import { BlockReader, type BlockRecord, instanceIdBytes, instanceName, type RejectedBlock } from "./block-reader.ts";
import { type BlockChanges, prepareChanges, rewindBlocks } from "./block-statements.ts";
import { openDatabase } from "./database.ts";
import type { Disk } from "./disk.ts";
import { Damage, translating } from "./failures.ts";
import { Sources } from "./first-sight.ts";
import { storedIdOf } from "./reencoded.ts";
import { contentOf } from "./stored-block.ts";
import { type Pace, type Timer, WriteAheadLog } from "./write-ahead-log.ts";

/** The most blocks that one `rewindAndRequeue` should remove. It reads each, which takes some tens of milliseconds. */
export const requeueStretch = 200n;

/**
 * What a commit survives: "normal" any crash of the process, "full" a power cut as well, "none" possibly neither.
 * "grouped" is "full" with at most one sync a second; without another thread that syncs, it is "normal".
 */
export type Durability = "none" | "normal" | "grouped" | "full";

/**
 * The decided blocks of one chain, and the proposals that wait for a block, in one SQLite file. Every call runs to
 * completion, and one commit holds one fact.
 */
export class BlockStore extends BlockReader {
  readonly #changes: BlockChanges;
  readonly #sources: Sources;
  #log: WriteAheadLog | undefined;
  #instanceId: Uint8Array;
  #highestRejected: bigint;

  /**
   * Opens `file`, or makes it; ":memory:" is kept in memory only. A new file gets `newInstanceId`, 16 bytes. Throws
   * "database in use" or "database failed".
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
    super(file, db);
    this.#changes = prepareChanges(db);
    this.#sources = new Sources(db);
    this.#instanceId = this.#setOrReadInstanceId(newInstanceId);
    this.#highestRejected = this.readHighestRejected();
  }

  /** 16 random bytes made with the file. A copy keeps them; a new file, or the file of another node, has others. */
  get instanceId(): Uint8Array {
    return this.#instanceId;
  }

  /** The greatest height of a rejected block; -1 if there is none. */
  get highestRejected(): bigint {
    return this.#highestRejected;
  }

  /**
   * Makes a block the last accepted one, and removes its data, whose digest is `digest`, from the proposals. It can be
   * read only when its parent is stored one height below, which may come later.
   */
  accept(block: Block, digest: Digest, firstSight?: FirstSight): void {
    this.#transact(() => {
      this.#insert(block, digest, firstSight);
      this.digests.add({ height: block.height, digest, bytes: block.data.length });
    });
  }

  /** Stores accepted blocks of any heights, in one transaction. After many, call `indexDigests`. */
  acceptAll(blocks: readonly Block[]): void {
    this.#transact(() => {
      for (const block of blocks) this.#insert(block, digestOf(block.data), undefined);
    });
  }

  /** The same, with all that the file keeps of each block. */
  addRecords(records: readonly BlockRecord[]): void {
    this.#transact(() => {
      for (const { block, firstSight } of records) {
        const storedId = storedIdOf(block);
        this.#insert(block, digestOf(block.data), firstSight);
        if (storedId !== undefined) this.#changes.reencoded.add(block.id, storedId);
      }
    });
  }

  /**
   * Adds the digests of all blocks but the newest to the index. Yields after each step of some milliseconds; nothing
   * else may change the file before the last step.
   */
  *indexDigests(): Generator<void, void> {
    const steps = this.digests.fill();
    try {
      while (!this.run(() => steps.next().done)) yield;
    } finally {
      this.run(() => steps.return());
    }
  }

  /** Empties the index of digests, which may be damaged. `indexDigests` fills it again. */
  clearIndex(): void {
    this.#transact(() => this.digests.clear());
  }

  /** Whether `indexDigests` must be called before the chain goes on. */
  get needsIndexing(): boolean {
    return this.run(() => this.digests.needsFilling);
  }

  reject({ id, height }: RejectedBlock): void {
    this.run(() => this.#changes.reject.run(blockKey(id), height));
    if (height > this.#highestRejected) this.#highestRejected = height;
  }

  /** Rejects all of these, in one transaction. */
  rejectAll(blocks: readonly RejectedBlock[]): void {
    this.#transact(() => {
      for (const block of blocks) this.reject(block);
    });
  }

  /**
   * Removes every block above `height` with its data, in one transaction. Throws "database failed" if the file is so
   * damaged that one of them stays.
   */
  rewind(height: bigint): void {
    this.#transact(() => {
      rewindBlocks(this.#changes, this.digests, height);
      if ((this.lastHeight() ?? height) > height) throw new Damage(`a block above height ${height} cannot be removed`);
    });
  }

  /** The same, but makes their data proposals of time `now` (Unix seconds), before all other proposals. */
  rewindAndRequeue(height: bigint, now: bigint): void {
    this.#transact(() => {
      for (let at = this.lastHeight() ?? height; at > height; at--) {
        this.proposals.requeue(this.expectBlockAtHeight(at).data, now);
      }
      this.rewind(height);
    });
  }

  /**
   * Removes every block above `height`, or all blocks and genesis if it is undefined, and gives the file a new instance
   * id, so that no head marker fits it any more. One transaction.
   */
  rewindWithNewId(height: bigint | undefined): void {
    this.#transact(() => {
      if (height === undefined) {
        this.digests.clear();
        for (const remove of this.#changes.removeAll) remove.run();
      } else this.rewind(height);
      this.#instanceId = randomBytes(instanceIdBytes);
      this.#changes.meta.set(instanceName, this.#instanceId);
    });
  }

  /** Stores accepted block `id` as `stored`, the form in which timestampvm-rs kept it, in one transaction. */
  acceptReencoded(id: Id, stored: Block): void {
    this.#transact(() => {
      this.#insert({ ...stored, id }, digestOf(stored.data), undefined);
      this.#changes.reencoded.add(id, stored.id);
    });
  }

  /** From now on commits return before they are on the disk: the other threads of `disk` sync them. */
  syncBy(disk: Disk, timer: Timer): void {
    this.run(() => {
      this.#log = new WriteAheadLog({ file: this.file, db: this.db, disk, timer });
    });
  }

  /** Sets what each later commit survives once it returns; after `syncBy`, once `synced` resolves. */
  setDurability(durability: Durability): void {
    if (this.#log !== undefined) return this.#log.setPace(paceByDurability[durability]);
    this.run(() => this.db.run(`PRAGMA synchronous = ${synchronousByDurability[durability]}`));
  }

  /**
   * Resolves when all commits so far have their durability; undefined if they have it already. Rejects with "database
   * failed" or "shut down".
   */
  synced(): Promise<void> | undefined {
    return this.#log?.synced();
  }

  /** A promise that commits should wait for, up to a second; undefined for no wait. */
  get commitPause(): Promise<void> | undefined {
    return this.#log?.commitPause;
  }

  /** Moves the whole write-ahead log into the file, and syncs it: at once, or soon on another thread after `syncBy`. */
  checkpoint(): void {
    if (this.#log !== undefined) return this.#log.checkpointSoon();
    this.run(() => this.db.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  /** Starts a checkpoint if the log has grown. Call it now and then. */
  tick(): void {
    this.run(() => this.#log?.noteCommit());
  }

  /** Throws "database failed" if the disk has failed or is slow. */
  checkDisk(): void {
    this.#log?.check();
  }

  /** See `BlockReader.close`. Syncs all commits first. */
  override close(): void {
    this.#log?.close();
    this.#log = undefined;
    super.close();
  }

  #insert(block: Block, digest: Digest, firstSight: FirstSight | undefined): void {
    const { id, height, timestamp } = block;
    const { data, bytes } = contentOf(block);
    const source = firstSight === undefined ? null : this.#sources.numberOf(firstSight);
    this.#changes.accept.run(height, blockKey(id), timestamp, firstSight?.ms ?? null, source, data, bytes);
    this.proposals.remove(digest);
  }

  #setOrReadInstanceId(newInstanceId: Uint8Array): Uint8Array {
    const known = this.findInstanceId();
    if (known !== undefined) return known;
    if (this.lastHeight() !== undefined) throw new Damage("its instance id is missing");
    this.#changes.meta.set(instanceName, newInstanceId);
    return newInstanceId;
  }

  /** Runs `work` in one transaction, or as part of the outer one. */
  #transact(work: () => void): void {
    this.run(() => {
      try {
        this.db.transaction(work).immediate();
      } catch (error) {
        this.proposals.forget();
        this.digests.forget();
        throw error;
      }
      if (!this.db.inTransaction) this.#log?.noteCommit();
    });
  }
}

const paceByDurability: Readonly<Record<Durability, Pace>> = {
  none: "never",
  normal: "never",
  grouped: "grouped",
  full: "at once",
};
const synchronousByDurability = { none: "off", normal: "normal", grouped: "normal", full: "full" } as const;
