import type { Database } from "bun:sqlite";
import { openReader } from "./database.ts";
import type { Checkpointer } from "./disk.ts";

/**
 * Copies the log into the file on this thread, by a connection of its own. It syncs the log before copying, and the
 * file afterwards. It never waits for readers or writers.
 */
export class LocalCheckpointer implements Checkpointer {
  readonly #file: string;
  #db: Database | undefined;

  /** The file need not be open yet: the first checkpoint opens it. */
  constructor(file: string) {
    this.#file = file;
  }

  checkpoint(): void {
    this.#db ??= this.#open();
    using statement = this.#db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    statement.get();
  }

  close(): void {
    this.#db?.close(true);
  }

  #open(): Database {
    const db = openReader(this.#file);
    db.run("PRAGMA query_only = OFF"); // a checkpoint counts as writing
    db.run("PRAGMA synchronous = FULL");
    return db;
  }
}
