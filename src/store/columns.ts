import type { Id } from "../avalanche/id.ts";
import { type Block, parseBlock } from "../core/block.ts";
import { Damage } from "./failures.ts";

/** A row as SQLite gives it. A damaged file may have anything in any column, so the functions below check it. */
export type Row<Column extends string> = { readonly [Name in Column]: unknown };

/**
 * The greatest integer of SQLite, which has signed ones. A block with a greater height or timestamp cannot be stored.
 */
export const maxSqlInteger = 2n ** 63n - 1n;

/** Gives the value as bytes, exactly `length` if that is given. Throws `Damage` about `what`. */
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
 * The same for an integer that must be greater than `below`. Use it where rows are read one after the other: in a
 * damaged file, SQLite could give the same rows again and again. Throws `Damage` about `what`.
 */
export function expectAbove(value: unknown, below: bigint, what: string): bigint {
  const integer = expectInteger(value, what);
  if (integer > below) return integer;
  throw new Damage(`${what} is damaged`);
}

/** Parses the bytes of a block. Its id is `id`, or else their hash. Undefined for any other value. */
export function parseStored(value: unknown, id?: Id): Block | undefined {
  try {
    return value instanceof Uint8Array ? parseBlock(value, id) : undefined;
  } catch {
    return undefined;
  }
}
