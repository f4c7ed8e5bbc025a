import type { Database } from "bun:sqlite";
import { isNodeId } from "../avalanche/node-id.ts";
import type { FirstSight } from "../core/time-claim.ts";
import { expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";

/** The columns of a block that say when it was first seen. */
export type SightRow = Row<"seen" | "node" | "imported">;

/** Gives the first sight in a block's row; undefined for NULL. Throws `Damage` about `what`. */
export function firstSightIn({ seen, node, imported }: SightRow, what: string): FirstSight | undefined {
  if (seen === null) return undefined;
  if (!isNodeId(node)) throw new Damage(`${what} was seen by a node with a malformed id`);
  return { ms: expectInteger(seen, what), node, isImported: imported === 1n };
}

/** The nodes that have seen blocks: each up to twice, once for its own sights and once for imported ones. */
export class Sources {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#sql = prepare(db);
  }

  /** The number by which rows of blocks refer to a source. Adds a new source. */
  numberOf({ node, isImported }: FirstSight): bigint {
    const imported = isImported ? 1n : 0n;
    this.#sql.add.run(node, imported);
    return expectInteger(this.#sql.find.get(node, imported)?.source, `source ${node}`);
  }
}

function prepare(db: Database) {
  return {
    add: db.query<unknown, [string, bigint]>(
      "INSERT INTO sources (node, imported) VALUES (?, ?) ON CONFLICT (node, imported) DO NOTHING",
    ),
    find: db.query<Row<"source">, [string, bigint]>("SELECT source FROM sources WHERE node = ? AND imported = ?"),
  };
}
