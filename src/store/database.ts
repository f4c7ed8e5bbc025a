import { Database } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { damaged, databaseFailed, translating } from "./failures.ts";
import { applicationId, bringUpToDate, makeSchema, schemaVersion } from "./schema.ts";

/** The name of the database file in the chain data directory. */
export const databaseFileName = "timestampvm.db";

/** A write-ahead log that has grown is cut back to this many bytes. */
const maxIdleWalBytes = 64 * 1024 * 1024;

/**
 * Opens the database file for this process alone. Makes it, and its directory, where they are missing. Throws "database
 * in use" or "database failed" with the cure; never waits.
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

/** A new file is for its user alone: what waits for a block is not public yet. One that is there keeps its mode. */
export const privateFileMode = 0o600;
/** The same for a new directory. */
export const privateDirectoryMode = 0o700;

/** Makes a missing file, since SQLite would let everybody read it. SQLite gives its log the mode of the file. */
function provideFile(file: string): void {
  const { R_OK, W_OK, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  mkdirSync(dirname(file), { recursive: true, mode: privateDirectoryMode });
  if (existsSync(file)) return accessSync(file, R_OK | W_OK); // SQLite would call it a "disk I/O error"
  // Closed before SQLite opens it: when a process closes a file, it loses all its locks on that, SQLite's too.
  try {
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode));
  } catch (error) {
    if (!existsSync(file)) throw error; // else another process made it, and the lock decides
  }
}

/**
 * Opens an existing file for this process alone, to read it. Nothing is changed, except that closing it moves what a
 * killed process left in the write-ahead log into the file. Throws as `openDatabase`.
 */
export function openForReading(file: string): Database {
  return translating(file, () => {
    accessSync(file, constants.R_OK | constants.W_OK); // only who may write can lock it
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

/** Runs `work` on a file that is open for reading, and undoes every change. Gives whether `work` returned. */
export function tryOut(db: Database, work: () => void): boolean {
  const undo = new Error();
  try {
    db.run("PRAGMA query_only = OFF");
    db.transaction(() => {
      work();
      throw undo;
    }).immediate();
  } catch (error) {
    return error === undo;
  } finally {
    db.run("PRAGMA query_only = ON");
  }
  return false;
}

function configure(db: Database, file: string): void {
  lockFromNowOn(db);
  distrust(db);
  // Before the file turns to WAL, so that a process that is killed here leaves an empty file or a whole one.
  if (pragma(db, "page_count") === 0n) makeSchema(db);
  else bringUpToDate(db, checkIdentity(db, file));
  const mode = pragma(db, "journal_mode = WAL");
  if (mode !== "wal" && file !== ":memory:")
    throw databaseFailed(file, `its journal is "${mode}"`, "move it to a local disk");
  // A file that it may not write, SQLite opens for reading, and says so only at the first write: here.
  db.transaction(() => undefined).immediate();
  db.run(`PRAGMA journal_size_limit = ${maxIdleWalBytes}`);
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA foreign_keys = ON");
}

/** Set before the first access to the WAL: no other process gets in, and no shared-memory file is mapped. */
function lockFromNowOn(db: Database): void {
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  db.run("PRAGMA busy_timeout = 0");
}

/** Relies neither on the process's surroundings nor on the file's content. */
function distrust(db: Database): void {
  db.run("PRAGMA temp_store = MEMORY"); // a plugin has no TMPDIR
  db.run("PRAGMA mmap_size = 0"); // a mapped file turns an I/O error into SIGBUS
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA trusted_schema = OFF");
}

/** Checks that the file is one of ours that we can read. Gives its version. */
function checkIdentity(db: Database, file: string): number {
  if (pragma(db, "application_id") !== BigInt(applicationId)) {
    throw databaseFailed(file, "it is not a database of timestampvm", "move it out of the chain data directory");
  }
  const version = schemaVersionOf(db);
  if (version < 1) throw damaged(file, `it has no schema ${version}`);
  if (version > schemaVersion) {
    const cure = "run the timestampvm that wrote it; if none did, the file is damaged: delete the chain data directory";
    throw databaseFailed(file, `its schema ${version} is newer than ${schemaVersion}`, cure);
  }
  return version;
}

/** The version that a file says it has. */
export function schemaVersionOf(db: Database): number {
  return Number(pragma(db, "user_version"));
}

/** The first value that a pragma gives. */
function pragma(db: Database, text: string): unknown {
  // Disposed of: a statement that is left would keep a closed file locked.
  using statement = db.prepare<unknown[], []>(`PRAGMA ${text}`);
  return statement.values()[0]?.[0];
}
