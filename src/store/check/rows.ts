import type { Database } from "bun:sqlite";
import { messageOf } from "../../avalanche/coded-error.ts";
import { equalBytes, type Id } from "../../avalanche/id.ts";
import { idInBlockKey, isBlockKey } from "../../core/block-key.ts";
import type { Row } from "../columns.ts";

/** Takes a problem: one sentence without its full stop. */
export type Report = (problem: string) => void;

/** How to read the rows of a table one by one. Each row has a number. */
export interface Walk {
  /** The name of a row, before its number. */
  readonly what: string;
  /** SQL that gives, as `at`, the number after the given one, without reading the row. */
  readonly readNext: string;
  /** SQL that gives the row of the given number. */
  readonly readRow: string;
}

/**
 * Gives the rows by ascending number, with the columns that `readRow` names. A row that cannot be read is reported, and
 * given as undefined.
 */
export function* walk<Column extends string>(
  db: Database,
  { what, readNext, readRow }: Walk,
  report: Report,
): Generator<{ readonly at: bigint; readonly row: Row<Column> | undefined }, void> {
  for (let after = beforeAll; ; ) {
    const from = after;
    const next = attempt(`what follows ${what} ${from}`, report, () =>
      db.query<Row<"at">, [bigint]>(readNext).get(from),
    );
    if (!next) return;
    const { at } = next;
    if (typeof at !== "bigint" || at <= from) return report(`what follows ${what} ${from} is damaged`);
    const row = attempt(`${what} ${at}`, report, () => db.query<Row<Column>, [bigint]>(readRow).get(at));
    if (row === null) report(`${what} ${at} is only in the index`);
    yield { at, row: row ?? undefined };
    after = at;
  }
}

/** Gives what `work` gives. If `work` throws, reports that `what` cannot be read, and gives undefined. */
export function attempt<T>(what: string, report: Report, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    report(`${what} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** The id in a block's key; undefined for any other value. */
export function idInKey(key: unknown): Id | undefined {
  return isBlockKey(key) ? idInBlockKey(key) : undefined;
}

/** Whether a value of the file is exactly these bytes. */
export function isBytes(value: unknown, expected: Uint8Array): boolean {
  return value instanceof Uint8Array && equalBytes(value, expected);
}

/** The smallest integer of SQLite. */
const beforeAll = -(2n ** 63n);
