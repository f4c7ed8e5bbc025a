import type { Database } from "bun:sqlite";
import { translating } from "./failures.ts";

/** A table that is read row by row. Its errors name the file. */
export abstract class StoredTable {
  protected readonly db: Database;
  readonly #file: string;

  constructor(file: string, db: Database) {
    this.#file = file;
    this.db = db;
  }

  /** Runs `work`. An error of SQLite becomes a `FileError`. */
  protected run<T>(work: () => T): T {
    return translating(this.#file, work);
  }

  /** Runs `work` in one transaction, or as part of the outer one. */
  protected change(work: () => void): void {
    this.run(() => this.db.transaction(work).immediate());
  }
}
