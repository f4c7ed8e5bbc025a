import { Database, SQLiteError } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { CodedError } from "../avalanche/coded-error.ts";
import { FileError } from "./errors.ts";
import { isLimit, lacksFiles, raiseLimit } from "./open-files.ts";

/** "tsvm", so that `file` and we can tell the file from any other SQLite database. */
export const applicationId = 0x7473766d;

/** Blocks are hex text: on pages of 4 KiB, blocks of 2 KiB would waste half the file. */
const pageBytes = 16_384;
/** A WAL that once grew is cut back to this. */
const maxIdleWalBytes = 64 * 1024 * 1024;

/**
 * `key` is the status-prefix key of timestampvm-rs (state/mod.rs), `0x00 '/' id(32)`:
 *
 *     0x00 '/' id  ->  accepted: the block, bytes as received
 *                      rejected: only that it was
 *
 * `status` has the numbers of AvalancheGo's choices: 2 rejected, 3 accepted. Processing blocks are never here.
 */
const blocksSchema = `
  CREATE TABLE blocks (
    key       BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 34),
    status    INTEGER NOT NULL CHECK (status IN (2, 3)),
    height    INTEGER NOT NULL CHECK (height >= 0),
    timestamp INTEGER,
    digest    BLOB    CHECK (length(digest) = 32),
    bytes     BLOB,
    CHECK ((status = 3) = (timestamp IS NOT NULL AND digest IS NOT NULL AND bytes IS NOT NULL))
  ) STRICT;
  CREATE UNIQUE INDEX accepted_by_height ON blocks (height) WHERE status = 3;
  CREATE INDEX rejected_by_height ON blocks (height) WHERE status = 2;
  CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;
`;

/** `position` is the order in which proposals came; `peer` is NULL for what a client of this node proposed. */
const mempoolSchema = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

/** Eight bytes of a digest take a third of the space of all, and leave hardly a row to read in vain. */
const searchSchema = `
  CREATE INDEX accepted_by_digest ON blocks (substr(digest, 1, 8), height) WHERE status = 3;
  CREATE INDEX accepted_by_timestamp ON blocks (timestamp, height) WHERE status = 3;
`;

/** What each version of the file has beyond the one before it, from version 1 on. */
export const schemaSteps: readonly string[] = [blocksSchema, mempoolSchema, searchSchema];
export const schemaVersion = schemaSteps.length;

/**
 * Opens the database file, made with its directory when missing, for this process alone. Throws "database in use" or
 * "database failed" with the cure; never waits.
 */
export function openDatabase(file: string): Database {
  return translating(file, () => {
    if (file !== ":memory:") provideFile(file);
    const db = new Database(file, { readwrite: true, strict: true, safeIntegers: true });
    try {
      configure(db, file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** What waits for a block is nobody's business yet. Files and directories that are there keep the mode that they have. */
export const privateFileMode = 0o600;
export const privateDirectoryMode = 0o700;

/** SQLite would make the file for all to read, and gives what it makes beside it the mode of the file. */
function provideFile(file: string): void {
  const { R_OK, W_OK, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  mkdirSync(dirname(file), { recursive: true, mode: privateDirectoryMode });
  if (existsSync(file)) return accessSync(file, R_OK | W_OK); // to SQLite it is a "disk I/O error"
  // Closed before SQLite opens it: a process that closes a file releases its locks of that, SQLite's among them.
  try {
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode));
  } catch (error) {
    if (!existsSync(file)) throw error; // else another process was first, and its lock decides
  }
}

/**
 * Opens a file that is there for this process alone, to read it and nothing else; only what a killed process left in
 * the write-ahead log goes into the file, when it is closed. Throws as `openDatabase`.
 */
export function openForReading(file: string): Database {
  return translating(file, () => {
    accessSync(file, constants.R_OK | constants.W_OK); // the lock is one of writers
    const db = new Database(file, { readwrite: true, strict: true, safeIntegers: true });
    try {
      lockFromNowOn(db);
      db.run("PRAGMA query_only = ON");
      checkIdentity(db, file);
      distrust(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Runs `work` on a file that is open for reading, and takes back all that it changed. Gives whether it did not fail. */
export function tryOut(db: Database, work: () => void): boolean {
  const taken = new Error();
  try {
    db.run("PRAGMA query_only = OFF");
    db.transaction(() => {
      work();
      throw taken;
    }).immediate();
  } catch (error) {
    return error === taken;
  } finally {
    db.run("PRAGMA query_only = ON");
  }
  return false;
}

function configure(db: Database, file: string): void {
  lockFromNowOn(db);
  distrust(db);
  // Before the file turns to WAL: a process that is killed here leaves an empty file or a whole one.
  if (pragma(db, "page_count") === 0n) makeSchema(db);
  else bringUpToDate(db, checkIdentity(db, file));
  const mode = pragma(db, "journal_mode = WAL");
  if (mode !== "wal" && file !== ":memory:") throw failed(file, `its journal is "${mode}"`, "move it to a local disk");
  // What it cannot open for writing, SQLite opens for reading alone, and says so only at the first write.
  db.transaction(() => undefined).immediate();
  db.run(`PRAGMA journal_size_limit = ${maxIdleWalBytes}`);
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA foreign_keys = ON");
}

/** Exclusive before the first access to the WAL: no second process, and no shared-memory file that could be mapped. */
function lockFromNowOn(db: Database): void {
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  db.run("PRAGMA busy_timeout = 0");
}

/** Of the surroundings and of the file. */
function distrust(db: Database): void {
  db.run("PRAGMA temp_store = MEMORY"); // a plugin has no TMPDIR
  db.run("PRAGMA mmap_size = 0"); // a mapped file turns an I/O error into SIGBUS
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA trusted_schema = OFF");
}

function makeSchema(db: Database): void {
  db.run(`PRAGMA page_size = ${pageBytes}`);
  db.transaction(() => {
    db.run(`PRAGMA application_id = ${applicationId}`);
    addMissing(db, 0);
  }).exclusive();
}

function bringUpToDate(db: Database, version: number): void {
  if (version < schemaVersion) db.transaction(() => addMissing(db, version)).exclusive();
}

function addMissing(db: Database, version: number): void {
  for (const step of schemaSteps.slice(version)) db.run(step);
  db.run(`PRAGMA user_version = ${schemaVersion}`);
}

/** Gives the version of the file's schema. */
function checkIdentity(db: Database, file: string): number {
  if (pragma(db, "application_id") !== BigInt(applicationId)) {
    throw failed(file, "it is not a database of timestampvm", "move it out of the chain data directory");
  }
  const version = schemaVersionOf(db);
  if (version < 1) throw damaged(file, `it has no schema ${version}`);
  if (version > schemaVersion) {
    const cure = "run the timestampvm that wrote it; if none did, the file is damaged: delete the chain data directory";
    throw failed(file, `its schema ${version} is newer than ${schemaVersion}`, cure);
  }
  return version;
}

export function schemaVersionOf(db: Database): number {
  return Number(pragma(db, "user_version"));
}

/** The first value that a pragma gives. */
function pragma(db: Database, text: string): unknown {
  using statement = db.prepare<unknown[], []>(`PRAGMA ${text}`); // one that is left would keep a closed file locked
  return statement.values()[0]?.[0];
}

/** Runs `work`, and turns what SQLite or the file system throws into a `FileError` about `file`. */
export function translating<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const code = (error as { code?: string }).code ?? "";
    if (code.startsWith("SQLITE_BUSY")) throw new FileError({ code: "database in use", file }, { cause: error });
    if (error instanceof SQLiteError || /^E[A-Z]+$/.test(code)) {
      throw failed(file, (error as Error).message, cureFor(code), error);
    }
    throw error;
  }
}

/** For content that SQLite cannot know to be wrong. */
export function damaged(file: string, problem: string): FileError {
  return failed(file, problem, cureFor("SQLITE_CORRUPT"));
}

function failed(file: string, problem: string, cure: string, cause?: unknown): FileError {
  return new FileError({ code: "database failed", file, problem, cure }, { cause });
}

function cureFor(code: string): string {
  // Our statements are fixed: an error in one is an error in the file's schema, or in what the file holds.
  if (/^SQLITE_(CORRUPT|CONSTRAINT)/.test(code) || code === "SQLITE_NOTADB" || code === "SQLITE_ERROR") {
    // SQLite says the same of a page that the disk did not give.
    return (
      "check the disk and start the node again; if the file stays damaged, stop the node and delete the chain data " +
      "directory: the chain is fetched again from its peers, proposals that wait for a block are lost"
    );
  }
  if (isLimit(code) || (code.startsWith("SQLITE_CANTOPEN") && lacksFiles())) return raiseLimit;
  if (code === "SQLITE_FULL" || code === "ENOSPC") return "free some disk space and start the node again";
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || /^E(ACCES|PERM|ROFS)$/.test(code)) {
    return "make the file and its directory writable for the user who runs the node";
  }
  if (/^E(EXIST|NOTDIR|ISDIR)$/.test(code)) return "move away what stands in the place of the file or its directory";
  return "check the disk and start the node again";
}
