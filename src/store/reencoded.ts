import type { Database } from "bun:sqlite";
import { equalBytes, type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { type Block, createBlock } from "../core/block.ts";
import { MetaRows } from "./meta-rows.ts";

/**
 * timestampvm-rs encoded some blocks again and kept only that form, so the received bytes are lost. Such a block keeps
 * its id, but its stored bytes have another hash. For each such block the table `meta` has a row with that hash, under
 * the name `reencoded ` and the block's id in hex.
 */
const prefix = "reencoded ";
const namePattern = new RegExp(`^${prefix}([0-9a-f]{64})$`);

/**
 * Whether `stored`, whose id is the hash of its own bytes, can be block `id` as timestampvm-rs encoded it again. It
 * writes the canonical form, and never encoded genesis again.
 */
export function isReencoded(id: Id, stored: Block): boolean {
  return stored.id !== id && stored.height > 0n && stored.id === createBlock(stored).id;
}

/** The hash of a block's stored bytes if it differs from the block's id; else undefined. */
export function storedIdOf({ id, bytes }: Block): Id | undefined {
  const hash = sha256(bytes);
  return equalBytes(hash, idToBytes(id)) ? undefined : idFromBytes(hash);
}

/** The block whose row in `meta` has this name; undefined for any other name. */
export function idInReencodedName(name: unknown): Id | undefined {
  const hex = typeof name === "string" ? namePattern.exec(name)?.[1] : undefined;
  return hex === undefined ? undefined : idFromBytes(Uint8Array.fromHex(hex));
}

/** The rows in `meta` for the blocks that timestampvm-rs encoded again. */
export class ReencodedRows {
  readonly #meta: MetaRows;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#meta = new MetaRows(db);
    this.#sql = prepare(db);
  }

  /** Whether `hash`, 32 bytes, is the recorded hash of the stored bytes of block `id`. */
  has(id: Id, hash: Uint8Array): boolean {
    const value = this.#meta.get(nameOf(id));
    return value instanceof Uint8Array && equalBytes(value, hash);
  }

  /** Whether block `id` has such a row. */
  names(id: Id): boolean {
    return this.#meta.get(nameOf(id)) !== undefined;
  }

  add(id: Id, storedId: Id): void {
    this.#meta.set(nameOf(id), idToBytes(storedId));
  }

  /** Removes the rows of all accepted blocks above a height, which must still be there. */
  removeAbove(height: bigint): void {
    this.#sql.removeAbove.run(height);
  }
}

function nameOf(id: Id): string {
  return `${prefix}${idToBytes(id).toHex()}`;
}

function prepare(db: Database) {
  return {
    // Because of the plus, SQLite does not read all blocks when there is no such row.
    removeAbove: db.query<unknown, [bigint]>(
      `DELETE FROM meta WHERE name LIKE '${prefix}%' AND +name IN
         (SELECT '${prefix}' || lower(hex(substr(key, 3))) FROM blocks WHERE height > ?)`,
    ),
  };
}
