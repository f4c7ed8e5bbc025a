import type { Database } from "bun:sqlite";
import { messageOf } from "../../avalanche/coded-error.ts";
import type { Block } from "../../core/block.ts";
import { digestOf } from "../../core/digest.ts";
import { countOf } from "../../core/format.ts";
import { expectInteger, type Row } from "../columns.ts";
import { indexedIn, indexedName, prefixOf } from "../digest-index.ts";
import { MetaRows } from "../meta-rows.ts";
import type { Report } from "./rows.ts";

/** Checks that blocks can be found by the digests of their data. Takes each block, by ascending height. */
export interface DigestCheck {
  /** The problem of the block at this height, or undefined. `block` is undefined if it is damaged. */
  problemOf(height: bigint, block: Block | undefined): string | undefined;
  /** Reports all other problems. `last` is the last height, -1 without blocks, undefined if it is not known. */
  finish(last: bigint | undefined, report: Report): void;
}

/** Checks the table `digests`: it must have an entry for each block up to a height, and no other. */
export class IndexCheck implements DigestCheck {
  readonly #indexed: bigint;
  readonly #sql: ReturnType<typeof prepare>;
  /** How many entries the table should have. Includes damaged blocks, whose entries cannot be checked. */
  #entries = 0n;
  /** How many look-ups failed because the table cannot be read, and why. */
  #unread: { readonly count: number; readonly problem: string } | undefined;

  /** Throws `Damage` if the height up to which the table has every block cannot be read. */
  constructor(db: Database) {
    this.#sql = prepare(db);
    this.#indexed = indexedIn(new MetaRows(db).get(indexedName));
  }

  problemOf(height: bigint, block: Block | undefined): string | undefined {
    if (height > this.#indexed) return undefined;
    if (block !== undefined && !this.#has(height, block)) {
      return `block ${block.id} at height ${height} is not in the index of digests`;
    }
    this.#entries++;
    return undefined;
  }

  #has(height: bigint, { data }: Block): boolean {
    try {
      return this.#sql.find.get(prefixOf(digestOf(data)), height) !== null;
    } catch (error) {
      this.#unread = { count: (this.#unread?.count ?? 0) + 1, problem: messageOf(error) };
      return true;
    }
  }

  finish(last: bigint | undefined, report: Report): void {
    const indexed = this.#indexed;
    if (last !== undefined && (indexed > last || indexed < -1n))
      report(`the index of digests ends at height ${indexed}, and the chain at ${last}`);
    if (this.#unread !== undefined) {
      const { count, problem } = this.#unread;
      report(`the index of digests cannot be read for ${countOf(count, "block")}: ${problem}`);
    }
    const more = expectInteger(this.#sql.count.get()?.count, "the number of digests") - this.#entries;
    if (more > 0n) report(`the index of digests has entries of missing blocks: ${more}`);
  }
}

function prepare(db: Database) {
  return {
    find: db.query<unknown, [Uint8Array, bigint]>("SELECT 1 FROM digests WHERE prefix = ? AND height = ?"),
    count: db.query<Row<"count">, []>("SELECT count(*) AS count FROM digests"),
  };
}
