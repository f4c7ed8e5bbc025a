import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../avalanche/coded-error.ts";
import { ChainError } from "../core/errors.ts";
import { expectInteger, type Row } from "./columns.ts";
import { maxLockMs } from "./database.ts";
import type { Disk } from "./disk.ts";
import type { FileError } from "./errors.ts";
import { databaseFailed, failureOf } from "./failures.ts";
import { Keeper } from "./keeper.ts";
import { sync } from "./new-file.ts";

/** Bytes of the log after which it is copied into the file. */
const checkpointBytes = 16 * 1024 * 1024;
/** How often one checkpoint is tried while commits go on, … */
const openRounds = 3;
/** … and how often in all: then commits wait. */
const maxRounds = 8;
/** Milliseconds for which commits wait at most in one round, for the end of a checkpoint; … */
const maxCommitPauseMs = 100;
/** … and where the log has become longer than so many bytes, on a slow disk. */
const maxLongPauseMs = 1_000;
const longLogBytes = 64 * 1024 * 1024;
/** Bytes of the log from which on health says so: no checkpoint ends. */
const unhealthyLogBytes = 256 * 1024 * 1024;
/** Milliseconds for which the end of a checkpoint waits for those who read the log at that moment. */
const maxReaderMs = 10;
/** Milliseconds between two syncs where they are grouped. */
const groupMs = 1_000;
/** Milliseconds after which a sync is slow. */
export const slowSyncMs = 1_000;

/** When commits are synced: never, once in `groupMs`, or as soon as somebody waits. */
export type Pace = "never" | "grouped" | "at once";

/** Time that passes. */
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
 * The write-ahead log of a connection that does not sync what it commits. Another thread does, and copies the log into
 * the file when it has grown; the thread that commits waits for neither.
 *
 * The log is emptied when all of it is in the file, and never written from its beginning again while it holds old
 * commits: after a power cut, these could be taken for new ones. See docs/design/storage.md, "The log and the disk".
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

  /** Takes a connection that syncs. What a process that was killed has left in the log is on the disk then. */
  constructor(parts: LogParts) {
    const { file, db } = parts;
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    sync(dirname(file)); // SQLite has made the log anew: a sync of that is not one of its name
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
   * Resolves when all that was committed is on the disk; undefined where it is. Rejects with "database failed" when a
   * sync has failed: what the disk has is not known then, until the file is opened again.
   */
  synced(): Promise<void> | undefined {
    const changes = this.#changes();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pace === "never" || changes === this.#syncedChanges) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // also when nobody waits for it
    this.#waiting.push({ changes, resolve, reject });
    this.#sync();
    return promise;
  }

  /** What commits should wait for, `maxLongPauseMs` at most, so that a checkpoint ends; undefined for nothing. */
  get commitPause(): Promise<void> | undefined {
    return this.#pause?.promise;
  }

  /** To be called now and then, and after commits: begins a checkpoint when the log has grown. */
  noteCommit(): void {
    if (this.#bytes >= this.#checkpointAtBytes) this.checkpointSoon();
  }

  /** Begins a checkpoint, unless one is under way. */
  checkpointSoon(): void {
    if (!this.#isCheckpointing && this.#failure === undefined && !this.#isClosed) this.#checkpoint();
  }

  /** Throws "database failed" when a sync has failed, or takes long, and where the log grows and grows. */
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

  /** Syncs all that was committed, and empties the log where nobody reads it. Whoever waits gets "shut down". */
  close(): void {
    this.#isClosed = true;
    this.#cancelSync();
    this.#endPause();
    this.#keeper.close();
    this.#parts.db.run("PRAGMA synchronous = FULL");
    try {
      this.#sql.truncate.get();
    } catch {
      // The log has it all, as after a crash.
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

  /** All up to so many changes is on the disk. */
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
      // Any other failure is none of what is there: the log has it all, and a later checkpoint may succeed.
      if (/^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(codeOf(error))) this.#fail(error);
      end(false);
    });
  }

  /** Each round leaves less to the next: what was committed while it copied. Gives whether the log is empty. */
  #copyAll(round: number): boolean | Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#isCopied) return this.#empty();
    if (round > maxRounds) {
      this.#keeper.letGo(); // what is not copied keeps the log from being begun anew
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

  /** Where somebody reads the log too long, the next commit syncs the log's header, as SQLite does by itself. */
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

  /** How many rows the connection has changed. */
  #changes(): bigint {
    return expectInteger(this.#sql.changes.get()?.count, "its number of changes");
  }

  /** Of the log; 0 where the system does not say it, which is no reason to call a commit failed that is made. */
  get #bytes(): number {
    try {
      return statSync(`${this.#parts.file}-wal`).size;
    } catch {
      return 0;
    }
  }
}

/** Prepares all statements once. They end with the database's close. */
function prepare(db: Database) {
  return {
    changes: db.query<Row<"count">, []>("SELECT total_changes() AS count"),
    checkpointed: db.query<Row<"log" | "checkpointed">, []>("PRAGMA wal_checkpoint(NOOP)"),
    truncate: db.query<Row<"busy">, []>("PRAGMA wal_checkpoint(TRUNCATE)"),
  };
}
