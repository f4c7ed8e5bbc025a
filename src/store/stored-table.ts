import type { Database } from "bun:sqlite";
import { translating } from "./failures.ts";

/** What the tables have in common that are read row by row: errors name the file. */
export abstract class StoredTable {
  protected readonly db: Database;
  readonly #file: string;

  constructor(file: string, db: Database) {
    this.#file = file;
    this.db = db;
  }

  /** Runs what SQLite does; what that throws becomes a `FileError`. */
  protected run<T>(work: () => T): T {
    return translating(this.#file, work);
  }

  /** Runs `work` in one transaction, or as a part of one that is under way. */
  protected change(work: () => void): void {
    this.run(() => this.db.transaction(work).immediate());
  }
}
