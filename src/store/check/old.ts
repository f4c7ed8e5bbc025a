import type { Database } from "bun:sqlite";
import type { Block } from "../../core/block.ts";
import { digestOf, digestToBytes } from "../../core/digest.ts";
import type { Row } from "../columns.ts";
import type { DigestCheck } from "./digests.ts";
import type { Report } from "./rows.ts";

// Checks of files of an older schema.

/** Checks columns that nothing reads any more: if one is wrong, others may be wrong as well. */
export class ColumnCheck implements DigestCheck {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#sql = prepare(db);
  }

  problemOf(height: bigint, block: Block | undefined): string | undefined {
    if (block === undefined || this.#sql.find.get(height, digestToBytes(digestOf(block.data))) !== null)
      return undefined;
    return `block ${block.id} is stored at height ${height} with the digest of other data`;
  }

  finish(_last: bigint | undefined, report: Report): void {
    const count = this.#sql.filled.get()?.count;
    if (count !== 0n) report(`rejected blocks with content: ${count}`);
  }
}

function prepare(db: Database) {
  return {
    find: db.query<unknown, [bigint, Uint8Array]>(
      "SELECT 1 FROM main.blocks WHERE status = 3 AND height = ? AND digest = ?",
    ),
    filled: db.query<Row<"count">, []>(
      `SELECT count(*) AS count FROM main.blocks
       WHERE status = 2 AND (timestamp IS NOT NULL OR digest IS NOT NULL OR bytes IS NOT NULL)`,
    ),
  };
}

/** Whether the blocks above a height can be found, so that a rollback can keep the data that they carry. */
export function canFindAbove(db: Database, height: bigint): boolean {
  try {
    db.query<unknown, [bigint]>("SELECT count(*) FROM blocks WHERE height > ?").get(height);
    return true;
  } catch {
    return false;
  }
}
