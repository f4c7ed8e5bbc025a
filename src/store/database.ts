import { Database, type SQLQueryBindings, type Statement, constants as sqlite } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { damaged, databaseFailed, translating } from "./failures.ts";
import { viewAsNewest } from "./old-schema.ts";
import { applicationId, makeSchema, schemaVersion } from "./schema.ts";

/** The name of the database file in the chain data directory. */
export const databaseFileName = "timestampvm.db";

/** A write-ahead log that has grown is cut back to this many bytes. */
const maxIdleWalBytes = 64 * 1024 * 1024;

/** How the file of memory alone is called. It cannot be opened a second time: that would be another one. */
export const inMemory = ":memory:";

/** Milliseconds for which a statement waits for another connection of this process, which never holds a lock long. */
export const maxLockMs = 1_000;

/**
 * Opens the database file for this process alone. Makes it, and its directory, where they are missing. Throws "database
 * in use" or "database failed" with the cure; never waits.
 */
export function openDatabase(file: string): Database {
  return translating(file, () => {
    if (file !== inMemory) provideFile(file);
    return configured(new OwnedDatabase(file), (db) => configure(db, file));
  });
}

/**
 * Opens a file, which this process has open, once more, to read it: also on another thread. Sees each commit as soon as
 * it is made. Every statement must be short: what it reads stays in the write-ahead log meanwhile.
 */
export function openReader(file: string): Database {
  return translating(file, () =>
    configured(new SharedDatabase(file), (db) => {
      db.run(`PRAGMA busy_timeout = ${maxLockMs}`);
      db.run("PRAGMA query_only = ON");
      distrust(db);
    }),
  );
}

/**
 * A database that connections of this process share, on any of its threads, and that no other process gets into: SQLite
 * keeps the index of the write-ahead log in the process's memory (https://sqlite.org/vfs.html, "unix-excl").
 */
class SharedDatabase extends Database {
  constructor(file: string) {
    super(file === inMemory ? file : uriOf(file), sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_URI);
  }

  override query<Row, Params extends SQLQueryBindings | SQLQueryBindings[]>(sql: string) {
    return exact(super.query<Row, Params>(sql));
  }

  override prepare<Row, Params extends SQLQueryBindings | SQLQueryBindings[]>(sql: string) {
    return exact(super.prepare<Row, Params>(sql));
  }
}

/** The one owner of a file in this process: SQLite keeps only other processes out. */
class OwnedDatabase extends SharedDatabase {
  readonly #name: string;

  constructor(file: string) {
    const name = nameOf(file);
    if (owned.has(name)) throw isOpen(`${file} is open in this process`);
    super(file);
    this.#name = name;
    if (file !== inMemory) owned.add(name);
  }

  /** Throws "database in use" when the path leads to another file by now: who had this one open has replaced it. */
  expectInPlace(file: string): void {
    if (nameOf(file) !== this.#name) throw isOpen(`${file} was replaced`);
  }

  override close(throwOnError?: boolean): void {
    super.close(throwOnError);
    owned.delete(this.#name);
  }
}

/** The files that have an owner in this process, by what the system knows them by. */
const owned = new Set<string>();

function nameOf(file: string): string {
  if (file === inMemory) return file;
  const { dev, ino } = statSync(file);
  return `${dev} ${ino}`;
}

function isOpen(problem: string): Error {
  return Object.assign(new Error(problem), { code: "SQLITE_BUSY" });
}

/** With flags as a number, which a URI needs, `Database` knows no other options: heights would be rounded. */
function exact<Row, Params extends SQLQueryBindings[]>(statement: Statement<Row, Params>): Statement<Row, Params> {
  return statement.safeIntegers(true);
}

function uriOf(file: string): string {
  return `file:${encodeURI(file).replaceAll("?", "%3F").replaceAll("#", "%23")}?vfs=unix-excl`;
}

function configured(db: Database, configure: (db: Database) => void): Database {
  try {
    configure(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
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
 * Opens an existing file for this process alone, to read it; one of an older schema by the names of the newest. Nothing
 * is changed, except that closing it moves what a killed process left in the write-ahead log into the file. Throws as
 * `openDatabase`.
 */
export function openForReading(file: string): Database {
  return translating(file, () => {
    accessSync(file, constants.R_OK | constants.W_OK); // only who may write can lock it
    const owner = new OwnedDatabase(file);
    return configured(owner, (db) => {
      distrust(db);
      const version = checkIdentity(db, file);
      owner.expectInPlace(file); // it is locked from here on
      if (version < schemaVersion) viewAsNewest(db, version);
      db.run("PRAGMA query_only = ON");
    });
  });
}

/** Ends the write-ahead log of a file that is open for reading: all of it is in the file then. */
export function endLog(db: Database, file: string): void {
  const mode = pragma(db, "journal_mode = DELETE");
  if (mode !== "delete")
    throw databaseFailed(file, `its journal stays "${mode}"`, "check the disk and start the node again");
}

/**
 * The schema that the header of a file says, which nobody has open in this process; undefined for no file, an empty
 * one, or one that is not ours. Waits for nobody.
 */
export function readHeaderVersion(file: string): number | undefined {
  if (!existsSync(file) || owned.has(nameOf(file))) return undefined;
  const header = new DataView(new ArrayBuffer(headerBytes));
  const fileDescriptor = openSync(file, constants.O_RDONLY);
  try {
    if (readSync(fileDescriptor, header, 0, headerBytes, 0) < headerBytes) return undefined;
  } finally {
    closeSync(fileDescriptor); // would end the locks of this process, if it had some
  }
  // https://sqlite.org/fileformat.html, "The Database Header"
  return header.getUint32(68) === applicationId ? header.getUint32(60) : undefined;
}

const headerBytes = 100;

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
  distrust(db);
  // Before the file turns to WAL, so that a process that is killed here leaves an empty file or a whole one.
  if (pragma(db, "page_count") === 0n) makeSchema(db);
  else expectNewest(checkIdentity(db, file), file);
  const mode = pragma(db, "journal_mode = WAL");
  if (mode !== "wal" && file !== inMemory)
    throw databaseFailed(file, `its journal is "${mode}"`, "move it to a local disk");
  // A file that it may not write, SQLite opens for reading, and says so only at the first write: here.
  db.transaction(() => undefined).immediate();
  db.run(`PRAGMA journal_size_limit = ${maxIdleWalBytes}`);
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA foreign_keys = ON");
  db.run(`PRAGMA busy_timeout = ${maxLockMs}`); // 0 until here, so that a file in use is refused at once
}

/** Relies neither on the process's surroundings nor on the file's content. */
function distrust(db: Database): void {
  db.run("PRAGMA temp_store = MEMORY"); // a plugin has no TMPDIR
  db.run("PRAGMA mmap_size = 0"); // a mapped file turns an I/O error into SIGBUS
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA trusted_schema = OFF");
}

/** Whoever opens a file to write upgrades it before. */
function expectNewest(version: number, file: string): void {
  if (version === schemaVersion) return;
  const cure = "run a command that upgrades it, such as `timestampvm db rollback`, or let the node do that";
  throw databaseFailed(file, `its schema ${version} is older than ${schemaVersion}`, cure);
}

/** Checks that the file is one of ours that we can read. Gives its version. */
function checkIdentity(db: Database, file: string): number {
  if (pragma(db, "application_id") !== BigInt(applicationId)) {
    throw databaseFailed(file, "it is not a database of timestampvm", "move it out of the chain data directory");
  }
  const version = schemaVersionOf(db);
  if (version < 1) throw damaged(file, `it has no schema ${version}`);
  if (version > schemaVersion) {
    const cure =
      "run the timestampvm that wrote it, or import here what it exports in an older version; " +
      "if none wrote it, the file is damaged: delete the chain data directory";
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
