import { Database } from "bun:sqlite";
import type { Row } from "../columns.ts";
import { oldSchemaSteps } from "../old-schema.ts";
import { schema, schemaVersion } from "../schema.ts";
import { attempt, type Report } from "./rows.ts";

/** Checks that all tables and indexes have the SQL of this schema version, and lets SQLite check the file. */
export function checkStructure(db: Database, version: number, onProblem: Report): void {
  attempt("the file's structure", onProblem, () => {
    compareSchema(db, version, onProblem);
    const answers = db.query<Row<"integrity_check">, []>("PRAGMA integrity_check").all();
    for (const { integrity_check: text } of answers) if (text !== "ok") onProblem(`SQLite says: ${text}`);
  });
  attempt("what rows refer to", onProblem, () => {
    const rows = db.query<Row<"table" | "rowid" | "parent">, []>("PRAGMA foreign_key_check").all();
    for (const { table, rowid, parent } of rows)
      onProblem(`row ${rowid} of ${table} refers to a missing row of ${parent}`);
  });
}

function compareSchema(db: Database, version: number, onProblem: Report): void {
  const find = db.query<Row<"sql">, [string]>("SELECT sql FROM sqlite_schema WHERE name = ?");
  for (const [name, sql] of objectsOf(version)) {
    const found = find.get(name);
    if (found?.sql !== sql) onProblem(`${name} is ${found === null ? "missing" : "not as timestampvm makes it"}`);
  }
}

/** The tables and indexes of a version: their SQL by name. */
function objectsOf(version: number): ReadonlyMap<string, string> {
  const fresh = new Database(":memory:");
  try {
    fresh.run(version === schemaVersion ? schema : oldSchemaSteps.slice(0, version).join(""));
    const objects = fresh.query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    );
    return new Map(objects.all().map(({ name, sql }) => [name, sql]));
  } finally {
    fresh.close();
  }
}
