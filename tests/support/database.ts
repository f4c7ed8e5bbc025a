import { Database } from "bun:sqlite";
import { spyOn } from "bun:test";

/** Runs `open`, and gives the SQLite connection that it made beside what it gave: for pragmas that no other can set. */
export function withConnection<T>(open: () => T): { readonly opened: T; readonly connection: Database } {
  const run = spyOn(Database.prototype, "run"); // it calls through
  try {
    const opened = open();
    const connection: unknown = run.mock.contexts[0];
    if (!(connection instanceof Database)) throw new Error("nothing was opened");
    return { opened, connection };
  } finally {
    run.mockRestore();
  }
}

export function pragmaOf(connection: Database, text: string): bigint | string {
  using statement = connection.prepare<unknown[], []>(`PRAGMA ${text}`);
  return statement.values()[0]?.[0] as bigint | string;
}
