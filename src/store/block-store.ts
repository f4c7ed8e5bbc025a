import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { blockKey } from "../core/block-key.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { BlockReader, type BlockRecord, instanceIdBytes, instanceName, type RejectedBlock } from "./block-reader.ts";
import { type BlockChanges, prepareChanges, rewindBlocks } from "./block-statements.ts";
import { openDatabase } from "./database.ts";
import type { Disk } from "./disk.ts";
import { Damage, translating } from "./failures.ts";
import { type FirstSight, Sources } from "./first-sight.ts";
import { storedIdOf } from "./reencoded.ts";
import { contentOf } from "./stored-block.ts";
import { type Pace, type Timer, WriteAheadLog } from "./write-ahead-log.ts";

/** How many blocks one `rewindAndRequeue` should remove at most. It reads each: some tens of milliseconds. */
export const requeueStretch = 200n;

/**
 * What a commit survives: "none" nothing for sure, "normal" any crash of the process, "full" a power cut as well.
 * "grouped" is "full", but no earlier than a second after the one before; where nobody but the thread that commits
 * could sync, it is "normal".
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
   * Opens `file`, or makes it; ":memory:" keeps nothing. A new file gets `newInstanceId`, 16 bytes. Throws "database in
   * use" or "database failed".
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

  /** 16 random bytes made with the file. A copy keeps them; a file made anew, or by another node, has others. */
  get instanceId(): Uint8Array {
    return this.#instanceId;
  }

  /** No block above this height was ever rejected; -1 when none was. */
  get highestRejected(): bigint {
    return this.#highestRejected;
  }

  /**
   * Makes a block the last accepted one, and removes its data, whose digest is `digest`, from the proposals. It must be
   * a child of the block one height below, which may come later; else it cannot be read.
   */
  accept(block: Block, digest: Digest, firstSight?: FirstSight): void {
    this.#transact(() => {
      this.#insert(block, digest, firstSight);
      this.digests.add({ height: block.height, digest, bytes: block.data.length });
    });
  }

  /** Stores accepted blocks of any heights, in one transaction. `indexDigests` is to be called after many. */
  acceptAll(blocks: readonly Block[]): void {
    this.#transact(() => {
      for (const block of blocks) this.#insert(block, digestOf(block.data), undefined);
    });
  }

  /** The same, with all that is kept of them. */
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
   * Brings the digests of all blocks but the newest into the index. To be called after many were stored. Yields after
   * each step of some milliseconds; nothing may be changed before the last.
   */
  *indexDigests(): Generator<void, void> {
    const steps = this.digests.fill();
    try {
      while (!this.run(() => steps.next().done)) yield;
    } finally {
      this.run(() => steps.return());
    }
  }

  /** Empties the index of digests, which may be damaged: `indexDigests` makes it anew. */
  clearIndex(): void {
    this.#transact(() => this.digests.clear());
  }

  /** Whether `indexDigests` is to be called before the chain goes on. */
  get needsIndexing(): boolean {
    return this.run(() => this.digests.needsFilling);
  }

  /** Stores that a block is rejected. */
  reject({ id, height }: RejectedBlock): void {
    this.run(() => this.#changes.reject.run(blockKey(id), height));
    if (height > this.#highestRejected) this.#highestRejected = height;
  }

  /** Stores that all of these are rejected, in one transaction. */
  rejectAll(blocks: readonly RejectedBlock[]): void {
    this.#transact(() => {
      for (const block of blocks) this.reject(block);
    });
  }

  /**
   * Removes every block above `height`, in one transaction. What they carry is lost with them. Throws "database failed"
   * where the file is so damaged that one of them stays.
   */
  rewind(height: bigint): void {
    this.#transact(() => {
      rewindBlocks(this.#changes, this.digests, height);
      if ((this.lastHeight() ?? height) > height) throw new Damage(`a block above height ${height} cannot be removed`);
    });
  }

  /** The same, but their data waits for a block again, before all other proposals, since `now` (Unix seconds). */
  rewindAndRequeue(height: bigint, now: bigint): void {
    this.#transact(() => {
      for (let at = this.lastHeight() ?? height; at > height; at--) {
        this.proposals.requeue(this.expectBlockAtHeight(at).data, now);
      }
      this.rewind(height);
    });
  }

  /**
   * Removes every block above `height`, or all blocks, genesis too, where it is undefined; and gives the file a new
   * instance id, so that no head marker fits it any more. One transaction.
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

  /** Stores accepted block `id` as `stored`, which is all that timestampvm-rs left of it, in one transaction. */
  acceptReencoded(id: Id, stored: Block): void {
    this.#transact(() => {
      this.#insert({ ...stored, id }, digestOf(stored.data), undefined);
      this.#changes.reencoded.add(id, stored.id);
    });
  }

  /** From now on commits return before they are on the disk: the other threads of `disk` bring them there. */
  syncBy(disk: Disk, timer: Timer): void {
    this.run(() => {
      this.#log = new WriteAheadLog({ file: this.file, db: this.db, disk, timer });
    });
  }

  /** Sets what each later commit survives: when it returns, or when `synced` resolves. */
  setDurability(durability: Durability): void {
    if (this.#log !== undefined) return this.#log.setPace(paceByDurability[durability]);
    this.run(() => this.db.run(`PRAGMA synchronous = ${synchronousByDurability[durability]}`));
  }

  /**
   * Resolves when all that was committed survives what it must; undefined where it does. Rejects with "database failed"
   * or "shut down".
   */
  synced(): Promise<void> | undefined {
    return this.#log?.synced();
  }

  /** What commits should wait for, a second at most; undefined for nothing. */
  get commitPause(): Promise<void> | undefined {
    return this.#log?.commitPause;
  }

  /** Moves everything from the write-ahead log into the file, and syncs it: at once, or soon on another thread. */
  checkpoint(): void {
    if (this.#log !== undefined) return this.#log.checkpointSoon();
    this.run(() => this.db.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  /** To be called now and then: begins a checkpoint when the log has grown. */
  tick(): void {
    this.run(() => this.#log?.noteCommit());
  }

  /** Throws "database failed" when the disk has failed, or lets us wait. */
  checkDisk(): void {
    this.#log?.check();
  }

  /** See `BlockReader.close`. What was committed is on the disk then. */
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

  /** Runs `work` in one transaction. Inside another one it is a part of that. */
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
