import type { Database } from "bun:sqlite";
import { type Id, idFromBytes } from "../../avalanche/id.ts";
import { blockIdOf } from "../../core/block.ts";
import { blockKey } from "../../core/block-key.ts";
import { reencodedPrefix } from "../block-statements.ts";
import { instanceIdBytes, instanceName } from "../block-store.ts";
import { attempt, type Tell, walk } from "./rows.ts";

/** Gives the instance id in hex; undefined when it cannot be read. */
export function checkMeta(db: Database, onProblem: Tell): string | undefined {
  for (const { at, row } of walk<MetaRow>(db, metaRows, onProblem)) {
    if (row === undefined || row.name === instanceName) continue;
    const isNeeded = attempt(`the block of ${metaRows.what} ${at}`, onProblem, () => namesReencoded(db, row.name));
    if (isNeeded === false) onProblem(`${metaRows.what} ${at} belongs to no block that timestampvm-rs encoded again`);
  }
  return attempt("the instance id", onProblem, () => checkInstanceId(db, onProblem));
}

interface MetaRow {
  readonly name: unknown;
}

const metaRows = {
  what: "meta row",
  readNext: "SELECT rowid AS at FROM meta NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT 1",
  readRow: "SELECT name FROM meta WHERE rowid = ?",
} as const;

/** Whether there is such a block, sound or not, and it would be damaged without this row. */
function namesReencoded(db: Database, name: unknown): boolean {
  const id = idInName(name);
  if (id === undefined) return false;
  const row = db.query<{ bytes: unknown }, [Uint8Array]>("SELECT bytes FROM blocks WHERE key = ?").get(blockKey(id));
  return row?.bytes instanceof Uint8Array && blockIdOf(row.bytes) !== id;
}

function idInName(name: unknown): Id | undefined {
  const hex = typeof name === "string" ? reencodedPattern.exec(name)?.[1] : undefined;
  return hex === undefined ? undefined : idFromBytes(Uint8Array.fromHex(hex));
}

const reencodedPattern = new RegExp(`^${reencodedPrefix}([0-9a-f]{64})$`);

function checkInstanceId(db: Database, onProblem: Tell): string | undefined {
  const value = readMeta(db, instanceName);
  if (value instanceof Uint8Array && value.length === instanceIdBytes) return value.toHex();
  onProblem(`the instance id is ${value === undefined ? "missing" : "damaged"}`);
  return undefined;
}

/** Undefined when there is none. */
export function readMeta(db: Database, name: string): unknown {
  return db.query<{ value: unknown }, [string]>("SELECT value FROM meta WHERE name = ?").get(name)?.value;
}
