import type { Database } from "bun:sqlite";
import { messageOf } from "../../avalanche/coded-error.ts";
import { blockKeyBytes } from "../../core/block-key.ts";
import { fileBytes } from "../block-statements.ts";
import { maxSqlInteger, type Row } from "../columns.ts";
import { type OwnRow, ownColumns } from "../stored-block.ts";
import { attempt, type Report } from "./rows.ts";

/** A height with its row; or without one: `problem` is why it cannot be read, undefined if it is missing. */
export type AtHeight =
  | { readonly height: bigint; readonly row: OwnRow }
  | { readonly height: bigint; readonly row: undefined; readonly problem: string | undefined };

/** How many heights one statement reads. */
const stretch = 1_000n;

/** The greatest height of a block; -1 without blocks, undefined if it cannot be read. */
export function readLastHeight(db: Database, report: Report): bigint | undefined {
  const read = (sql: string) => () => db.query<Row<"height">, []>(sql).get()?.height ?? -1n; // NULL without blocks
  const height =
    attempt("the last block's height", report, read("SELECT max(height) AS height FROM blocks")) ??
    // Without the plus, SQLite would look at the end of the table again; with it, it reads a whole index.
    attempt("the index of heights", report, read("SELECT max(+height) AS height FROM blocks"));
  return typeof height === "bigint" ? height : undefined;
}

/**
 * Gives what is at each height, from 0 up to the last. The table has its rows by height, so a damaged page hides only
 * the rows on it: after it, heights are looked up one by one. A gap may be huge, if one bit of a height is wrong: so no
 * more heights are looked up than the file could hold rows. Throws if there is no such table.
 */
export function readHeights(db: Database, last = maxSqlInteger): Generator<AtHeight, void> {
  return readUpTo(last, prepare(db), mostRows(db));
}

function* readUpTo(end: bigint, sql: Statements, most: number): Generator<AtHeight, void> {
  let lookUps = most;
  for (let from = 0n; from <= end; ) {
    const to = from + stretch <= end ? from + stretch - 1n : end;
    for (const found of readStretch(sql, from, to)) {
      lookUps += found.row === undefined ? -1 : 1;
      yield found;
    }
    from = to + 1n;
    if (lookUps > 0 || from > end) continue;
    const next = findNext(sql, from);
    if (typeof next === "bigint") from = next;
    else return yield { height: from, row: undefined, problem: next };
  }
}

function* readStretch(sql: Statements, from: bigint, to: bigint): Generator<AtHeight, void> {
  let next = from;
  try {
    for (const row of sql.between.iterate(from, to)) {
      if (typeof row.height !== "bigint" || row.height < next) break; // the rows of a damaged page have no order
      for (; next < row.height; next++) yield readOne(sql, next);
      yield { height: next++, row };
    }
  } catch {
    // readOne reports it.
  }
  for (; next <= to; next++) yield readOne(sql, next);
}

function readOne(sql: Statements, height: bigint): AtHeight {
  try {
    const row = sql.at.get(height);
    return row === null ? { height, row: undefined, problem: undefined } : { height, row };
  } catch (error) {
    return { height, row: undefined, problem: messageOf(error) };
  }
}

/** The lowest height with a block at or above `from`; or why that cannot be read; undefined if there is none. */
function findNext(sql: Statements, from: bigint): bigint | string | undefined {
  try {
    const height = sql.next.get(from)?.height;
    return typeof height === "bigint" && height >= from ? height : undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The most rows that the file can hold: no row is smaller than its key. */
function mostRows(db: Database): number {
  const row = db.query<Row<"bytes">, []>(fileBytes);
  return Math.ceil(Number(row.get()?.bytes) / blockKeyBytes);
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database) {
  return {
    between: db.query<OwnRow, [bigint, bigint]>(
      `SELECT ${ownColumns} FROM blocks WHERE height BETWEEN ? AND ? ORDER BY height`,
    ),
    at: db.query<OwnRow, [bigint]>(`SELECT ${ownColumns} FROM blocks WHERE height = ?`),
    next: db.query<Row<"height">, [bigint]>("SELECT height FROM blocks WHERE height >= ? ORDER BY height LIMIT 1"),
  };
}
