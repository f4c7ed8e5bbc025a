import type { Database } from "bun:sqlite";
import { isNodeId, type NodeId } from "../avalanche/node-id.ts";
import { expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";

/**
 * When a node first saw a block. It is stored with the block, and never changed. It is the word of the node of this
 * file only where `node` is that, and it is not imported: a copied file has another's.
 */
export interface FirstSight {
  /** Unix milliseconds; below 0 where the clock was wrong. */
  readonly ms: bigint;
  readonly node: NodeId;
  /** Whether it came out of an export, which anybody can write. */
  readonly isImported: boolean;
}

/** The columns of a block that say when it was first seen. */
export type SightRow = Row<"seen" | "node" | "imported">;

/** Gives what a block's row says; undefined for NULL. Throws `Damage`. */
export function firstSightIn({ seen, node, imported }: SightRow, what: string): FirstSight | undefined {
  if (seen === null) return undefined;
  if (!isNodeId(node)) throw new Damage(`${what} was seen by what is no node id`);
  return { ms: expectInteger(seen, what), node, isImported: imported === 1n };
}

/** The nodes that have seen blocks, each once for what it said itself and once for what was imported. */
export class Sources {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#sql = prepare(db);
  }

  /** The number by which rows of blocks refer to a source; it is added where it is new. */
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
