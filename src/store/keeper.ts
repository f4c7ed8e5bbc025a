import { openReader } from "./shared-database.ts";

/**
 * Keeps SQLite from writing the write-ahead log again from its beginning, by a connection that stays in a read. Use it
 * on the thread that commits, so that no commit comes in between.
 */
export class Keeper {
  readonly #db: ReturnType<typeof openReader>;
  #isReading = false;

  constructor(file: string) {
    this.#db = openReader(file);
  }

  /** From now on the log keeps what it holds. Part of the log must not be copied into the file yet. */
  keep(): void {
    this.letGo();
    this.#db.run("BEGIN");
    this.#db.query("SELECT 1 FROM sqlite_schema LIMIT 1").get();
    this.#isReading = true;
  }

  letGo(): void {
    if (this.#isReading) this.#db.run("COMMIT");
    this.#isReading = false;
  }

  close(): void {
    this.letGo();
    this.#db.close(true);
  }
}
