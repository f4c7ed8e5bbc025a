import type { Database } from "bun:sqlite";
import { ofKey } from "../block-statements.ts";
import type { Row } from "../columns.ts";
import { attempt, idInKey, type Report } from "./rows.ts";

/** Checks the rejected blocks. Gives how many there are. */
export function checkRejected(db: Database, report: Report): number {
  let rejected = 0;
  attempt("the rejected blocks", report, () => {
    const { all, isAccepted } = prepare(db);
    for (const { key, height } of all.iterate()) {
      rejected++;
      const id = idInKey(key);
      if (!(key instanceof Uint8Array) || id === undefined) report("a rejected block has a damaged key");
      else if (typeof height !== "bigint" || height < 1n) report(`the rejected block ${id} is damaged`);
      else if (isAccepted.get(key) !== null) report(`the rejected block ${id} is accepted as well`);
    }
  });
  return rejected;
}

function prepare(db: Database) {
  return {
    all: db.query<Row<"key" | "height">, []>("SELECT key, height FROM rejected ORDER BY height, key"),
    isAccepted: db.query<unknown, [Uint8Array]>(`SELECT 1 ${ofKey}`),
  };
}
