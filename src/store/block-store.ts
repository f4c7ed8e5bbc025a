import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { type Block, parseBlock } from "../core/block.ts";
import { type Digest, digestFromBytes, digestOf, digestToBytes } from "../core/digest.ts";
import type { VmError } from "../core/errors.ts";
import { type Id, idFromBytes, idToBytes } from "../core/id.ts";
import { maxDataBytes } from "../core/proposal.ts";
import { damaged, openDatabase, translating } from "./database.ts";
import { ProposalTable } from "./proposal-table.ts";

export type Decision = "accepted" | "rejected";

/** How much a commit survives: "normal" any crash of the process, "full" a power cut as well. */
export type Durability = "normal" | "full";

/**
 * The decided blocks of one chain, and the proposals that wait for one, in one SQLite file. Everything runs to
 * completion; one commit holds one fact.
 */
export class BlockStore {
  readonly file: string;
  /** 16 random bytes, made with the file: they tell it from its copies' siblings. */
  readonly instanceId: Uint8Array;
  readonly proposals: ProposalTable;
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;

  /** Opens or makes `file`; ":memory:" keeps nothing. Throws "database in use" or "database failed". */
  static open(file: string): BlockStore {
    const db = openDatabase(file);
    try {
      return translating(file, () => new BlockStore(file, db));
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private constructor(file: string, db: Database) {
    this.file = file;
    this.#db = db;
    this.#sql = prepare(db);
    this.proposals = new ProposalTable(file, db);
    this.instanceId = this.#run(() => this.#readOrMakeInstanceId());
  }

  /** The accepted block of the greatest height. Throws "database failed" in a new file: it has none. */
  lastAccepted(): Block {
    return this.#run(() => {
      const row = this.#sql.lastAcceptedKey.get();
      const block = row ? this.getBlock(this.#idOf(row.key)) : undefined;
      if (block === undefined) throw damaged(this.file, "it has no last accepted block");
      return block;
    });
  }

  /** An accepted block. Throws "database failed" when its bytes do not hash to its id. */
  getBlock(id: Id): Block | undefined {
    return this.#run(() => {
      const row = this.#sql.bytesByKey.get(keyOf(id));
      return row?.bytes ? parseStored(this.file, id, row.bytes) : undefined;
    });
  }

  /** The accepted block at a height, any u64. */
  getIdAtHeight(height: bigint): Id | undefined {
    if (height > maxSqlInteger) return undefined;
    return this.#run(() => {
      const row = this.#sql.keyByHeight.get(height);
      return row ? this.#idOf(row.key) : undefined;
    });
  }

  getDecision(id: Id): Decision | undefined {
    return this.#run(() => {
      const row = this.#sql.statusByKey.get(keyOf(id));
      if (!row) return undefined;
      return row.status === accepted ? "accepted" : "rejected";
    });
  }

  /** What the newest `count` accepted blocks carry, oldest first. */
  getRecentDigests(count: number): Digest[] {
    return this.#run(() =>
      this.#sql.recentDigests.all(count).map((row) => digestFromBytes(this.#expectBytes(row.digest, 32, "a digest"))),
    ).reverse();
  }

  /**
   * Makes `block`, which carries `digest`, the last accepted one, takes that out of the proposals, and rejects `losers`,
   * in one transaction.
   */
  accept(block: Block, digest: Digest, losers: readonly Block[] = []): void {
    this.#run(() =>
      this.#db
        .transaction(() => {
          const { id, height, timestamp, bytes } = block;
          this.#sql.insertAccepted.run(keyOf(id), height, timestamp, digestToBytes(digest), bytes);
          this.proposals.remove([digest]);
          for (const loser of losers) this.#sql.insertRejected.run(keyOf(loser.id), loser.height);
        })
        .immediate(),
    );
  }

  reject({ id, height }: Block): void {
    this.#run(() => this.#sql.insertRejected.run(keyOf(id), height));
  }

  /** Takes every block above `height` off the chain, in one transaction. */
  rewind(height: bigint): void {
    this.#run(() => this.#sql.deleteAbove.run(height));
  }

  /** The same, and its data waits again, before all other proposals, since `now` (Unix seconds). */
  takeBack(height: bigint, now: bigint): void {
    this.#run(() =>
      this.#db
        .transaction(() => {
          for (let block = this.lastAccepted(); block.height > height; block = this.#parentOf(block)) {
            const { data } = block;
            if (data.length > maxDataBytes) continue; // another VM's, that ours may not build
            this.proposals.putFirst({ digest: digestOf(data), data, bytes: data.length, since: now, peer: undefined });
          }
          this.#sql.deleteAbove.run(height);
        })
        .immediate(),
    );
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
  damaged(problem: string): VmError {
    return damaged(this.file, problem);
  }

  /** Releases the file. Nothing else may be called afterwards. */
  close(): void {
    this.#db.close(true);
  }

  #readOrMakeInstanceId(): Uint8Array {
    const known = this.#sql.getMeta.get(instanceName)?.value;
    if (known !== undefined) return this.#expectBytes(known, instanceIdBytes, "its instance id");
    const made = randomBytes(instanceIdBytes);
    this.#sql.setMeta.run(instanceName, made);
    return made;
  }

  #parentOf({ id, parentId }: Block): Block {
    const parent = this.getBlock(parentId);
    if (parent === undefined) throw damaged(this.file, `the parent of block ${id} is missing`);
    return parent;
  }

  #idOf(key: unknown): Id {
    return idFromBytes(this.#expectBytes(key, keyPrefix.length + 32, "a key").subarray(keyPrefix.length));
  }

  /** What SQLite gives has the declared type only while the file is sound. */
  #expectBytes(value: unknown, length: number, what: string): Uint8Array {
    if (value instanceof Uint8Array && value.length === length) return value;
    throw damaged(this.file, `${what} is damaged`);
  }

  #run<T>(work: () => T): T {
    return translating(this.file, work);
  }
}

const instanceIdBytes = 16;
const instanceName = "instance_id";

const accepted = 3n;
/** SQLite's integers are signed. Heights beyond cannot be reached. */
const maxSqlInteger = 2n ** 63n - 1n;

/** Closing the database finalizes queries; a statement that is left would keep the file locked. */
function prepare(db: Database) {
  return {
    bytesByKey: db.query<{ bytes: Uint8Array | null }, [Uint8Array]>("SELECT bytes FROM blocks WHERE key = ?"),
    lastAcceptedKey: db.query<{ key: Uint8Array }, []>(
      "SELECT key FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT 1",
    ),
    statusByKey: db.query<{ status: bigint }, [Uint8Array]>("SELECT status FROM blocks WHERE key = ?"),
    keyByHeight: db.query<{ key: Uint8Array }, [bigint]>("SELECT key FROM blocks WHERE height = ? AND status = 3"),
    recentDigests: db.query<{ digest: Uint8Array }, [number]>(
      "SELECT digest FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT ?",
    ),
    insertAccepted: db.query<unknown, [Uint8Array, bigint, bigint, Uint8Array, Uint8Array]>(
      "INSERT INTO blocks (key, status, height, timestamp, digest, bytes) VALUES (?, 3, ?, ?, ?, ?)",
    ),
    insertRejected: db.query<unknown, [Uint8Array, bigint]>(
      "INSERT INTO blocks (key, status, height) VALUES (?, 2, ?)",
    ),
    deleteAbove: db.query<unknown, [bigint]>("DELETE FROM blocks WHERE height > ?1 AND status IN (2, 3)"),
    getMeta: db.query<{ value: Uint8Array }, [string]>("SELECT value FROM meta WHERE name = ?"),
    setMeta: db.query<unknown, [string, Uint8Array]>("INSERT INTO meta (name, value) VALUES (?, ?)"),
    size: db.query<{ bytes: bigint }, []>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
    ),
  };
}

/** The id is the checksum of the bytes. */
function parseStored(file: string, id: Id, bytes: Uint8Array): Block {
  try {
    const block = parseBlock(bytes);
    if (block.id === id) return block;
  } catch {
    // Refused below, as every other damage.
  }
  throw damaged(file, `block ${id} is damaged`);
}

/** `0x00 '/' id(32)`. */
function keyOf(id: Id): Uint8Array {
  const key = new Uint8Array(keyPrefix.length + 32);
  key.set(keyPrefix);
  key.set(idToBytes(id), keyPrefix.length);
  return key;
}

const keyPrefix = Uint8Array.of(0x00, 0x2f);
