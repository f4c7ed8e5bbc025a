import type { Id } from "../avalanche/id.ts";
import { type Block, parseBlock } from "../core/block.ts";
import { Damage } from "./failures.ts";

/** A row as SQLite gives it. A damaged file may have anything in any column: the functions below look at it. */
export type Row<Column extends string> = { readonly [Name in Column]: unknown };

/**
 * The greatest integer of SQLite, whose integers are signed. No block of a greater height or timestamp can be stored.
 */
export const maxSqlInteger = 2n ** 63n - 1n;

/** Gives the value as bytes, of which there must be `length` where that is given. Throws `Damage` about `what`. */
export function expectBytes(value: unknown, what: string, length?: number): Uint8Array {
  if (value instanceof Uint8Array && (length === undefined || value.length === length)) return value;
  throw new Damage(`${what} is damaged`);
}

/** Gives the value as an integer. Throws `Damage` about `what`. */
export function expectInteger(value: unknown, what: string): bigint {
  if (typeof value === "bigint") return value;
  throw new Damage(`${what} is damaged`);
}

/**
 * The same for one that must be greater than another, as where rows are read one after the other: SQLite may go round
 * in circles in a damaged file. Throws `Damage` about `what`.
 */
export function expectAbove(value: unknown, below: bigint, what: string): bigint {
  const integer = expectInteger(value, what);
  if (integer > below) return integer;
  throw new Damage(`${what} is damaged`);
}

/** Gives the block that these bytes are, under an id or else the hash of them; undefined for any other value. */
export function parseStored(value: unknown, id?: Id): Block | undefined {
  try {
    return value instanceof Uint8Array ? parseBlock(value, id) : undefined;
  } catch {
    return undefined;
  }
}
