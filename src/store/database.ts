import { type Database, constants as sqlite } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, messageOf } from "../avalanche/coded-error.ts";
import { systemProblemOf } from "../avalanche/system-error.ts";
import { damaged, databaseFailed, notOurs, translating } from "./failures.ts";
import { viewAsNewest } from "./old-schema.ts";
import { applicationId, makeSchema, schemaVersion } from "./schema.ts";
import { configured, distrust, inMemory, maxLockMs, SharedDatabase } from "./shared-database.ts";

/** The name of the database file in the chain data directory. */
export const databaseFileName = "timestampvm.db";

/** A write-ahead log that has grown is cut back to this many bytes. */
const maxIdleWalBytes = 64 * 1024 * 1024;

/**
 * Opens the database file for this process alone. Makes the file and its directory if they are missing. Throws
 * "database in use" or "database failed" with the cure. Never waits.
 */
export function openDatabase(file: string): Database {
  return translating(file, () => {
    if (file !== inMemory) provideFile(file);
    return configured(new OwnedDatabase(file), (db) => configure(db, file));
  });
}

/** The only owner of a file in this process, since SQLite keeps only other processes out. */
class OwnedDatabase extends SharedDatabase {
  readonly #name: string;

  constructor(file: string) {
    const name = nameOf(file);
    if (owned.has(name)) throw isOpen(`${file} is open in this process`);
    super(file, sqlite.SQLITE_OPEN_READWRITE);
    this.#name = name;
    if (file !== inMemory) owned.add(name);
  }

  /** Throws "database in use" if the path now leads to another file, because an earlier owner replaced it. */
  expectInPlace(file: string): void {
    if (nameOf(file) !== this.#name) throw isOpen(`${file} was replaced`);
  }

  override close(throwOnError?: boolean): void {
    super.close(throwOnError);
    owned.delete(this.#name);
  }
}

/** The files that have an owner in this process, by device and inode. */
const owned = new Set<string>();

function nameOf(file: string): string {
  if (file === inMemory) return file;
  const { dev, ino } = statSync(file);
  return `${dev} ${ino}`;
}

function isOpen(problem: string): Error {
  return Object.assign(new Error(problem), { code: "SQLITE_BUSY" });
}

/** A new file is for its user alone, since proposals are not public yet. An existing file keeps its mode. */
export const privateFileMode = 0o600;
/** The same for a new directory. */
export const privateDirectoryMode = 0o700;

/** Makes a missing file, since SQLite would make it readable for everybody. Its log gets the same mode. */
function provideFile(file: string): void {
  const { R_OK, W_OK, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const directory = dirname(file);
  translating(directory, () => mkdirSync(directory, { recursive: true, mode: privateDirectoryMode }));
  if (existsSync(file)) return accessSync(file, R_OK | W_OK); // SQLite would report a "disk I/O error"
  // Close it before SQLite opens it: a process that closes a file loses all its locks on it, also those of SQLite.
  try {
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode));
  } catch (error) {
    if (!existsSync(file)) throw error; // else another process made the file, and the lock decides
  }
}

/**
 * Opens an existing file for this process alone, for reading. A file of an older schema is shown with the tables of the
 * newest. The content does not change, but closing moves what a killed process left in the write-ahead log into the
 * file. Throws as `openDatabase`.
 */
export function openForReading(file: string): Database {
  return translating(file, () => {
    expectLockable(file);
    const owner = new OwnedDatabase(file);
    return configured(owner, (db) => {
      distrust(db);
      const version = checkIdentity(db, file);
      owner.expectInPlace(file); // after the first read, which locks the file
      if (version < schemaVersion) viewAsNewest(db, version);
      db.run("PRAGMA query_only = ON");
    });
  });
}

/** Locking needs the right to write. */
function expectLockable(file: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    const cure = lockCures.get(codeOf(error));
    throw cure === undefined ? error : databaseFailed(file, systemProblemOf(error) ?? messageOf(error), cure, error);
  }
}

const lockCures = new Map([
  ["EACCES", "run this as the user who runs the node: a database is locked to be read, so that user must write to it"],
  ["EROFS", "copy it to where it can be written: a database is locked to be read"],
]);

/** Moves the write-ahead log of a file that is open for reading into the file, and removes the log. */
export function endLog(db: Database, file: string): void {
  const mode = pragma(db, "journal_mode = DELETE");
  if (mode !== "delete")
    throw databaseFailed(file, `its journal stays "${mode}"`, "check the disk and start the node again");
}

/**
 * The schema version in the header of a file. Undefined if the file is missing, empty, not ours, or open in this
 * process. Takes no lock.
 */
export function readHeaderVersion(file: string): number | undefined {
  if (!existsSync(file) || owned.has(nameOf(file))) return undefined;
  const header = new DataView(new ArrayBuffer(headerBytes));
  const fileDescriptor = openSync(file, constants.O_RDONLY);
  try {
    if (readSync(fileDescriptor, header, 0, headerBytes, 0) < headerBytes) return undefined;
  } finally {
    closeSync(fileDescriptor); // this ends all locks of the process on the file: so it must not have it open
  }
  // https://sqlite.org/fileformat.html, "The Database Header"
  return header.getUint32(68) === applicationId ? header.getUint32(60) : undefined;
}

const headerBytes = 100;

function configure(db: Database, file: string): void {
  distrust(db);
  // Before the switch to WAL, so that a process that is killed here leaves an empty file or a whole one.
  if (pragma(db, "page_count") === 0n) makeSchema(db);
  else expectNewest(checkIdentity(db, file), file);
  const mode = pragma(db, "journal_mode = WAL");
  if (mode !== "wal" && file !== inMemory)
    throw databaseFailed(file, `its journal is "${mode}"`, "move it to a local disk");
  // SQLite opens a file without the right to write as read-only, and fails only at the first write: this one.
  db.transaction(() => undefined).immediate();
  db.run(`PRAGMA journal_size_limit = ${maxIdleWalBytes}`);
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA foreign_keys = ON");
  db.run(`PRAGMA busy_timeout = ${maxLockMs}`); // 0 until here: a file in use is refused at once
}

/** A file of an older schema must be upgraded before it is opened for writing. */
function expectNewest(version: number, file: string): void {
  if (version === schemaVersion) return;
  const cure = "run a command that upgrades it, such as `timestampvm db rollback`, or let the node do that";
  throw databaseFailed(file, `its schema ${version} is older than ${schemaVersion}`, cure);
}

/** Checks that the file is a database of ours that we can read. Gives its version. */
function checkIdentity(db: Database, file: string): number {
  if (pragma(db, "application_id") !== BigInt(applicationId)) {
    throw databaseFailed(file, notOurs, "move it out of the chain data directory");
  }
  const version = schemaVersionOf(db);
  if (version < 1) throw damaged(file, `its schema ${version} does not exist`);
  if (version > schemaVersion) {
    const cure =
      "run the timestampvm that wrote it, or import here what it exports in an older version; " +
      "if none wrote it, the file is damaged: delete the chain data directory";
    throw databaseFailed(file, `its schema ${version} is newer than ${schemaVersion}`, cure);
  }
  return version;
}

export function schemaVersionOf(db: Database): number {
  return Number(pragma(db, "user_version"));
}

/** The first value that a pragma gives. */
function pragma(db: Database, text: string): unknown {
  // A statement that is not disposed of would keep a closed file locked.
  using statement = db.prepare<unknown[], []>(`PRAGMA ${text}`);
  return statement.values()[0]?.[0];
}
