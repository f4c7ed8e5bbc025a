import type { Database } from "bun:sqlite";
import { equalBytes, type Id } from "../../avalanche/id.ts";
import { blockKeyBytes, idInBlockKey } from "../../core/block-key.ts";

/** Takes a problem: one sentence without its full stop. */
export type Tell = (problem: string) => void;

export interface Walk {
  /** What a row is called in front of its number. */
  readonly what: string;
  /** SQL that gives the next number, as `at`, after the given one, without reading the row. */
  readonly readNext: string;
  readonly readRow: string;
}

/** Gives row after row by ascending number. One that cannot be read is told, and comes as undefined. */
export function* walk<Row>(
  db: Database,
  { what, readNext, readRow }: Walk,
  tell: Tell,
): Generator<{ readonly at: bigint; readonly row: Row | undefined }, void> {
  for (let after = beforeAll; ; ) {
    const from = after;
    const next = attempt(`what follows ${what} ${from}`, tell, () =>
      db.query<{ at: bigint }, [bigint]>(readNext).get(from),
    );
    if (!next) return;
    const { at } = next;
    if (typeof at !== "bigint" || at <= from) return tell(`what follows ${what} ${from} is damaged`);
    const row = attempt(`${what} ${at}`, tell, () => db.query<Row, [bigint]>(readRow).get(at));
    if (row === null) tell(`${what} ${at} is in the index alone`);
    yield { at, row: row ?? undefined };
    after = at;
  }
}

/** What SQLite cannot read is told, and undefined. */
export function attempt<T>(what: string, tell: Tell, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    tell(`${what} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/** Undefined for what is no key of a block. */
export function idInKey(key: unknown): Id | undefined {
  return key instanceof Uint8Array && key.length === blockKeyBytes ? idInBlockKey(key) : undefined;
}

/** What SQLite gives has the declared type only while the file is sound. */
export function isBytes(value: unknown, expected: Uint8Array): boolean {
  return value instanceof Uint8Array && equalBytes(value, expected);
}

/** The smallest integer of SQLite. */
const beforeAll = -(2n ** 63n);
