import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../avalanche/coded-error.ts";
import { ChainError } from "../core/errors.ts";
import { expectInteger, type Row } from "./columns.ts";
import type { Disk } from "./disk.ts";
import type { FileError } from "./errors.ts";
import { databaseFailed, failureOf } from "./failures.ts";
import { Keeper } from "./keeper.ts";
import { sync } from "./new-file.ts";
import { maxLockMs } from "./shared-database.ts";

/** A log of this many bytes is copied into the file. */
const checkpointBytes = 16 * 1024 * 1024;
/** Rounds of one checkpoint in which commits go on. In later rounds they wait. */
const openRounds = 3;
/** Rounds after which a checkpoint is given up. */
const maxRounds = 8;
/** The most milliseconds that commits wait in one round. */
const maxCommitPauseMs = 100;
/** The same where the log has at least `longLogBytes`, as on a slow disk. */
const maxLongPauseMs = 1_000;
const longLogBytes = 64 * 1024 * 1024;
/** With a log of this many bytes, health fails: no checkpoint ends. */
const unhealthyLogBytes = 256 * 1024 * 1024;
/** Milliseconds that the end of a checkpoint waits for those who read the log. */
const maxReaderMs = 10;
/** Milliseconds between two grouped syncs. */
const groupMs = 1_000;
/** A sync that takes this many milliseconds is slow. */
export const slowSyncMs = 1_000;

/** When commits are synced: never, once in `groupMs`, or as soon as somebody waits. */
export type Pace = "never" | "grouped" | "at once";

/** A monotonic clock. */
export interface Timer {
  elapsedMs(): number;
  after(ms: number, task: () => void): () => void;
}

export interface LogParts {
  readonly file: string;
  /** The connection that writes. */
  readonly db: Database;
  readonly disk: Disk;
  readonly timer: Timer;
}

interface Waiting {
  readonly changes: bigint;
  readonly resolve: () => void;
  readonly reject: (error: ChainError | FileError) => void;
}

/**
 * The write-ahead log of a connection that does not sync its commits. Other threads sync the log, and copy it into the
 * file when it has grown. The thread that commits waits for neither.
 *
 * The log is emptied when all of it is in the file. While it holds old commits, it is never written again from its
 * beginning: after a power cut, SQLite could take old commits for new ones. See docs/design/storage.md, "The log and
 * the disk".
 */
export class WriteAheadLog {
  readonly #parts: LogParts;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #keeper: Keeper;
  #pace: Pace = "at once";
  #waiting: Waiting[] = [];
  #syncedChanges: bigint;
  #syncSinceMs: number | undefined;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #cancelSync: () => void = () => {};
  #checkpointAtBytes = checkpointBytes;
  #isCheckpointing = false;
  #pause: { readonly promise: Promise<void>; readonly end: () => void } | undefined;
  #failure: FileError | undefined;
  #isClosed = false;

  /** Takes a connection that still syncs, and first syncs what a killed process left in the log. */
  constructor(parts: LogParts) {
    const { file, db } = parts;
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    sync(dirname(file)); // SQLite has made a new log: syncing that file does not sync its name
    this.#parts = parts;
    this.#sql = prepare(db);
    this.#keeper = new Keeper(file);
    this.#syncedChanges = this.#changes();
    db.run("PRAGMA wal_autocheckpoint = 0");
    db.run("PRAGMA synchronous = OFF");
  }

  setPace(pace: Pace): void {
    this.#pace = pace;
    this.#sync();
  }

  /**
   * Resolves when all commits so far are on the disk; undefined if they are already. Rejects with "database failed"
   * after a failed sync: nobody knows what the disk has until the file is opened again.
   */
  synced(): Promise<void> | undefined {
    const changes = this.#changes();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pace === "never" || changes === this.#syncedChanges) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // no unhandled rejection if nobody waits
    this.#waiting.push({ changes, resolve, reject });
    this.#sync();
    return promise;
  }

  /** A promise that commits should wait for, up to `maxLongPauseMs`, so that a checkpoint can end; or undefined. */
  get commitPause(): Promise<void> | undefined {
    return this.#pause?.promise;
  }

  /** Starts a checkpoint if the log has grown. Call it after each commit, and now and then. */
  noteCommit(): void {
    if (this.#bytes >= this.#checkpointAtBytes) this.checkpointSoon();
  }

  /** Starts a checkpoint, unless one is running. */
  checkpointSoon(): void {
    if (!this.#isCheckpointing && this.#failure === undefined && !this.#isClosed) this.#checkpoint();
  }

  /** Throws "database failed" if a sync has failed or is slow, or the log keeps growing. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { file, timer } = this.#parts;
    const cure = "check the disk, and what else writes to it; nothing is lost meanwhile";
    const ms = this.#syncSinceMs === undefined ? 0 : timer.elapsedMs() - this.#syncSinceMs;
    if (ms >= slowSyncMs)
      throw databaseFailed(file, `the disk has not synced it for ${Math.floor(ms / 1_000)} s`, cure);
    const bytes = this.#bytes;
    if (bytes >= unhealthyLogBytes) throw databaseFailed(file, `its write-ahead log has grown to ${bytes} bytes`, cure);
  }

  /** Syncs all commits, and empties the log if nobody reads it. Those who wait get "shut down". */
  close(): void {
    this.#isClosed = true;
    this.#cancelSync();
    this.#endPause();
    this.#keeper.close();
    this.#parts.db.run("PRAGMA synchronous = FULL");
    try {
      this.#sql.truncate.get();
    } catch {
      // The log still holds all commits, as after a crash.
    }
    for (const { reject } of this.#waiting.splice(0)) reject(new ChainError({ code: "shut down" }));
  }

  #sync(): void {
    if (this.#waiting.length === 0 || this.#syncSinceMs !== undefined || this.#isClosed) return;
    const { timer } = this.#parts;
    const waitMs = this.#pace === "grouped" ? this.#lastSyncMs + groupMs - timer.elapsedMs() : 0;
    this.#cancelSync();
    if (waitMs > 0) this.#cancelSync = timer.after(waitMs, () => this.#sync());
    else this.#syncNow();
  }

  #syncNow(): void {
    const { disk, timer } = this.#parts;
    const changes = this.#changes();
    this.#syncSinceMs = timer.elapsedMs();
    const end = (settle: () => void) => {
      this.#lastSyncMs = timer.elapsedMs();
      this.#syncSinceMs = undefined;
      settle();
      this.#sync();
    };
    disk.syncLog().then(
      () => end(() => this.#answer(changes)),
      (error) => end(() => this.#fail(error)),
    );
  }

  /** Resolves all who wait for these changes, which are now on the disk. */
  #answer(changes: bigint): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    this.#syncedChanges = changes;
    const index = this.#waiting.findIndex((waiting) => waiting.changes > changes);
    for (const { resolve } of this.#waiting.splice(0, index < 0 ? this.#waiting.length : index)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#failure ??= failureOf(this.#parts.file, error);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  #checkpoint(): void {
    const end = (isDone: boolean) => {
      this.#checkpointAtBytes = checkpointBytes + (isDone ? 0 : this.#bytes);
      this.#endPause();
      this.#isCheckpointing = false;
    };
    this.#isCheckpointing = true;
    Promise.try(() => this.#copyAll(1)).then(end, (error) => {
      // Any other failure harms nothing: the log still holds all commits, and a later checkpoint may succeed.
      if (/^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(codeOf(error))) this.#fail(error);
      end(false);
    });
  }

  /** Each round copies what was committed during the last one, which is less each time. Gives whether the log is
   * empty. */
  #copyAll(round: number): boolean | Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#isCopied) return this.#empty();
    if (round > maxRounds) {
      this.#keeper.letGo(); // SQLite does not restart a log that is not fully copied
      return false;
    }
    this.#keeper.keep();
    if (round > openRounds) this.#beginPause();
    return this.#parts.disk.checkpoint().then(() => this.#copyAll(round + 1));
  }

  /** Whether all of the log is in the file, and synced. */
  get #isCopied(): boolean {
    const row = this.#sql.checkpointed.get();
    return expectInteger(row?.log, "its log") === expectInteger(row?.checkpointed, "its log");
  }

  /** If somebody still reads the log, SQLite restarts it at the next commit, which then must sync the log's header. */
  #empty(): boolean {
    const { db } = this.#parts;
    this.#keeper.letGo();
    db.run(`PRAGMA busy_timeout = ${maxReaderMs}`);
    const isEmpty = this.#sql.truncate.get()?.busy === 0n;
    db.run(`PRAGMA busy_timeout = ${maxLockMs}`);
    db.run(`PRAGMA synchronous = ${isEmpty ? "OFF" : "NORMAL"}`);
    return isEmpty;
  }

  #beginPause(): void {
    this.#endPause();
    const { promise, resolve } = Promise.withResolvers<void>();
    const maxMs = this.#bytes < longLogBytes ? maxCommitPauseMs : maxLongPauseMs;
    const cancel = this.#parts.timer.after(maxMs, () => this.#endPause());
    const end = () => {
      cancel();
      resolve();
    };
    this.#pause = { promise, end };
  }

  #endPause(): void {
    this.#pause?.end();
    this.#pause = undefined;
  }

  /** The number of rows that the connection has changed. */
  #changes(): bigint {
    return expectInteger(this.#sql.changes.get()?.count, "its number of changes");
  }

  /** The log's size; 0 if the system does not give it, since that must not fail a commit that is made. */
  get #bytes(): number {
    try {
      return statSync(`${this.#parts.file}-wal`).size;
    } catch {
      return 0;
    }
  }
}

function prepare(db: Database) {
  return {
    changes: db.query<Row<"count">, []>("SELECT total_changes() AS count"),
    checkpointed: db.query<Row<"log" | "checkpointed">, []>("PRAGMA wal_checkpoint(NOOP)"),
    truncate: db.query<Row<"busy">, []>("PRAGMA wal_checkpoint(TRUNCATE)"),
  };
}
