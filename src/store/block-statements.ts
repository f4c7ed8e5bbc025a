import type { Database } from "bun:sqlite";
import type { Row } from "./columns.ts";
import type { DigestIndex } from "./digest-index.ts";
import { MetaRows } from "./meta-rows.ts";
import { ReencodedRows } from "./reencoded.ts";
import { type BlockRow, blockColumns, type ListingRow, listingColumns } from "./stored-block.ts";

/** Every query about blocks, prepared. */
export type BlockQuestions = ReturnType<typeof prepareQuestions>;
/** Every statement that changes blocks, prepared. */
export type BlockChanges = ReturnType<typeof prepareChanges>;

/** Finds a row by its key. The index has eight bytes of each id, the row has the whole key. */
export const ofKey = "FROM blocks WHERE substr(key, 3, 8) = substr(?1, 3, 8) AND key = ?1";

/** The bytes of the file, without its write-ahead log. */
export const fileBytes = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";

/** Prepares all queries once, by `query`: those end when the database is closed. Others would keep it open. */
export function prepareQuestions(db: Database) {
  return {
    meta: new MetaRows(db),
    reencoded: new ReencodedRows(db),
    byKey: db.query<BlockRow, [Uint8Array]>(`SELECT ${blockColumns} ${ofKey}`),
    heightsOfIds: db.query<Row<"height">, [Uint8Array, Uint8Array, number]>(
      "SELECT height FROM blocks WHERE substr(key, 3, 8) BETWEEN ? AND ? LIMIT ?",
    ),
    isAccepted: db.query<unknown, [Uint8Array]>(`SELECT 1 ${ofKey}`),
    isRejected: db.query<unknown, [Uint8Array]>("SELECT 1 FROM rejected WHERE key = ?"),
    last: db.query<BlockRow, []>(`SELECT ${blockColumns} FROM blocks ORDER BY height DESC LIMIT 1`),
    head: db.query<Row<"key" | "height">, []>("SELECT key, height FROM blocks ORDER BY height DESC LIMIT 1"),
    lastHeight: db.query<Row<"height">, []>("SELECT height FROM blocks ORDER BY height DESC LIMIT 1"),
    byHeight: db.query<BlockRow, [bigint]>(`SELECT ${blockColumns} FROM blocks WHERE height = ?`),
    timestampAt: db.query<Row<"timestamp">, [bigint]>("SELECT timestamp FROM blocks WHERE height = ?"),
    listingAtHeight: db.query<ListingRow, [bigint]>(`SELECT ${listingColumns} FROM blocks WHERE height = ?`),
    bytesAt: db.query<Row<"bytes">, [bigint]>(
      "SELECT coalesce(length(data), length(bytes), 0) AS bytes FROM blocks WHERE height = ?",
    ),
    sightAt: db.query<Row<"seen" | "node" | "imported">, [bigint]>(
      `SELECT seen, (SELECT node FROM sources WHERE sources.source = blocks.source) AS node,
         (SELECT imported FROM sources WHERE sources.source = blocks.source) AS imported
       FROM blocks WHERE height = ?`, // a join takes ten times as long
    ),
    highestRejected: db.query<Row<"height">, []>("SELECT max(height) AS height FROM rejected"),
    rejectedAfter: db.query<Row<"key" | "height">, [bigint, Uint8Array, number]>(
      "SELECT key, height FROM rejected WHERE (height, key) > (?, ?) ORDER BY height, key LIMIT ?",
    ),
    size: db.query<Row<"bytes">, []>(fileBytes),
  };
}

export function prepareChanges(db: Database) {
  return {
    meta: new MetaRows(db),
    reencoded: new ReencodedRows(db),
    accept: db.query<
      unknown,
      [bigint, Uint8Array, bigint, bigint | null, bigint | null, Uint8Array | null, Uint8Array | null]
    >("INSERT INTO blocks (height, key, timestamp, seen, source, data, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    reject: db.query<unknown, [Uint8Array, bigint]>("INSERT INTO rejected (key, height) VALUES (?, ?)"),
    removeAccepted: db.query<unknown, [bigint]>("DELETE FROM blocks WHERE height > ?"),
    removeRejected: db.query<unknown, [bigint]>("DELETE FROM rejected WHERE height > ?"),
    removeAttestations: db.query<unknown, [bigint]>("DELETE FROM attestations WHERE height > ?"),
    removeAll: ["blocks", "rejected", "attestations", "meta"].map((table) =>
      db.query<unknown, []>(`DELETE FROM ${table}`),
    ),
  };
}

/** Removes every block above a height. Call it in a transaction. */
export function rewindBlocks(changes: BlockChanges, digests: DigestIndex, height: bigint): void {
  // The first two read the blocks that are removed.
  changes.reencoded.removeAbove(height);
  digests.removeAbove(height);
  changes.removeAccepted.run(height);
  changes.removeRejected.run(height);
  changes.removeAttestations.run(height);
}
