import { Database, type SQLQueryBindings, type Statement, constants as sqlite } from "bun:sqlite";
import { translating } from "./failures.ts";

/** The name of a database in memory. A second one of this name is another database. */
export const inMemory = ":memory:";

/** The most milliseconds that a statement waits for other connections of this process. They hold locks only briefly. */
export const maxLockMs = 1_000;

/**
 * Opens another connection, on any thread, that reads a file which this process has open. It sees each commit at once.
 * Its statements must be short: the write-ahead log cannot be emptied while one runs.
 *
 * It writes no page and syncs nothing. When a thread ends, the runtime checkpoints each connection of it, with the lock
 * of those who commit. Here that fails at the first page to be copied, or cuts off a log that is all copied; otherwise,
 * a disk that stalls would keep the lock. The owner must have the file: a reader keeps no other process out.
 */
export function openReader(file: string): Database {
  return openBeside(file, sqlite.SQLITE_OPEN_READONLY, "OFF");
}

/** Opens a file, which this process has open, once more, to copy its log into it, or to try out a change. */
export function openWriter(file: string): Database {
  return openBeside(file, sqlite.SQLITE_OPEN_READWRITE, "FULL");
}

/** Gives what `work` gives, and undoes what it changed. Throws what it throws. */
export function tryOut<T>(db: Database, work: () => T): T {
  db.run("BEGIN IMMEDIATE");
  try {
    return work();
  } finally {
    if (db.inTransaction) db.run("ROLLBACK");
  }
}

function openBeside(file: string, access: number, synchronous: "OFF" | "FULL"): Database {
  return translating(file, () =>
    configured(new SharedDatabase(file, access), (db) => {
      db.run(`PRAGMA busy_timeout = ${maxLockMs}`);
      db.run(`PRAGMA synchronous = ${synchronous}`);
      distrust(db);
    }),
  );
}

/**
 * A database that all threads of this process can open, and no other process: SQLite keeps the index of the write-ahead
 * log in the memory of the process (https://sqlite.org/vfs.html, "unix-excl").
 */
export class SharedDatabase extends Database {
  /** `access` is SQLite's flag for reading, or for reading and writing. */
  constructor(file: string, access: number) {
    super(file === inMemory ? file : uriOf(file), access | sqlite.SQLITE_OPEN_URI);
  }

  override query<Row, Params extends SQLQueryBindings | SQLQueryBindings[]>(sql: string) {
    return exact(super.query<Row, Params>(sql));
  }

  override prepare<Row, Params extends SQLQueryBindings | SQLQueryBindings[]>(sql: string) {
    return exact(super.prepare<Row, Params>(sql));
  }
}

/** Gives the connection behind `configure`. Closes it if that throws. */
export function configured(db: Database, configure: (db: Database) => void): Database {
  try {
    configure(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Makes a connection independent of the process's environment, and safe against a damaged or hostile file. */
export function distrust(db: Database): void {
  db.run("PRAGMA temp_store = MEMORY"); // a plugin has no TMPDIR
  db.run("PRAGMA mmap_size = 0"); // in a mapped file, an I/O error is a SIGBUS
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA trusted_schema = OFF");
}

/** `Database` takes `safeIntegers` or the flags that a URI needs, not both. Without it, heights would be rounded. */
function exact<Row, Params extends SQLQueryBindings[]>(statement: Statement<Row, Params>): Statement<Row, Params> {
  return statement.safeIntegers(true);
}

function uriOf(file: string): string {
  return `file:${encodeURI(file).replaceAll("?", "%3F").replaceAll("#", "%23")}?vfs=unix-excl`;
}
