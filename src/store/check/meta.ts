import type { Database } from "bun:sqlite";
import { blockKey } from "../../core/block-key.ts";
import { instanceIdBytes, instanceName } from "../block-reader.ts";
import { ofKey } from "../block-statements.ts";
import { indexedName } from "../digest-index.ts";
import { Damage } from "../failures.ts";
import { MetaRows } from "../meta-rows.ts";
import { idInReencodedName, ReencodedRows, storedIdOf } from "../reencoded.ts";
import { type BlockRow, blockColumns, blockIn } from "../stored-block.ts";
import { attempt, type Report, walk } from "./rows.ts";

/** Checks that each row of `meta` has a known name. */
export function checkMeta(db: Database, onProblem: Report): void {
  for (const { at, row } of walk<"name">(db, metaRows, onProblem)) {
    if (row === undefined || row.name === instanceName || row.name === indexedName) continue;
    const isNeeded = attempt(`the block of ${metaRows.what} ${at}`, onProblem, () => namesReencoded(db, row.name));
    if (isNeeded === false) onProblem(`${metaRows.what} ${at} belongs to no block that timestampvm-rs encoded again`);
  }
}

const metaRows = {
  what: "meta row",
  readNext: "SELECT rowid AS at FROM meta NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT 1",
  readRow: "SELECT name FROM meta WHERE rowid = ?",
} as const;

/**
 * Whether a block needs the row of this name: the block is there, and its stored bytes have another hash than its id.
 * A damaged block is reported elsewhere.
 */
function namesReencoded(db: Database, name: unknown): boolean {
  const id = idInReencodedName(name);
  if (id === undefined) return false;
  const row = db.query<BlockRow, [Uint8Array]>(`SELECT ${blockColumns} ${ofKey}`).get(blockKey(id));
  try {
    return row !== null && storedIdOf(blockIn(row, new ReencodedRows(db))) !== undefined;
  } catch (error) {
    if (error instanceof Damage) return true;
    throw error;
  }
}

/** Gives the instance id in hex; undefined if it cannot be read. */
export function checkInstanceId(db: Database, onProblem: Report): string | undefined {
  return attempt("the instance id", onProblem, () => {
    const value = new MetaRows(db).get(instanceName);
    if (value instanceof Uint8Array && value.length === instanceIdBytes) return value.toHex();
    onProblem(`the instance id is ${value === undefined ? "missing" : "damaged"}`);
    return undefined;
  });
}
