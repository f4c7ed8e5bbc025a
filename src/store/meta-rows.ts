import type { Database } from "bun:sqlite";
import type { Row } from "./columns.ts";

/** The table `meta`: values by their names. */
export class MetaRows {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#sql = prepare(db);
  }

  /** The value of a name, unchecked; undefined if there is none. */
  get(name: string): unknown {
    return this.#sql.get.get(name)?.value;
  }

  set(name: string, value: Uint8Array): void {
    this.#sql.set.run(name, value);
  }

  remove(name: string): void {
    this.#sql.remove.run(name);
  }
}

function prepare(db: Database) {
  return {
    get: db.query<Row<"value">, [string]>("SELECT value FROM meta WHERE name = ?"),
    set: db.query<unknown, [string, Uint8Array]>("REPLACE INTO meta (name, value) VALUES (?, ?)"),
    remove: db.query<unknown, [string]>("DELETE FROM meta WHERE name = ?"),
  };
}
