import { openReader } from "./database.ts";

/**
 * Keeps the write-ahead log from being written anew from its beginning, by a connection that goes on reading it. To be
 * called on the thread that commits: then no commit comes in between.
 */
export class Keeper {
  readonly #db: ReturnType<typeof openReader>;
  #isReading = false;

  constructor(file: string) {
    this.#db = openReader(file);
  }

  /** From now on what is in the log stays. Part of that must not have been copied into the file yet. */
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
