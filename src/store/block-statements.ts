import type { Database } from "bun:sqlite";
import { listedBytes } from "../core/listing.ts";
import type { Row } from "./columns.ts";
import { ReencodedRows } from "./reencoded.ts";

/** What is read of an accepted block. */
export type BlockRow = Row<"key" | "bytes">;

/** What is read for a listing: `size` is the length of the block's bytes, `start` their beginning. */
export type ListingRow = Row<"key" | "height" | "timestamp" | "size" | "start">;

/** Every question and change that concerns blocks, prepared. */
export type BlockStatements = ReturnType<typeof prepareBlocks>;

const listed = `key, height, timestamp, length(bytes) AS size, substr(bytes, 1, ${listedBytes}) AS start`;
/** The index has eight bytes of each digest, the row has all 32. */
const withDigest = `FROM blocks
   WHERE substr(digest, 1, 8) = substr(?1, 1, 8) AND digest = ?1 AND height >= ?2 AND status = 3
   ORDER BY height LIMIT 1`;

/** Prepares all statements once. They end with the database's close, which a statement made elsewhere would hinder. */
export function prepareBlocks(db: Database) {
  return {
    reencoded: new ReencodedRows(db),
    bytesByKey: db.query<Row<"bytes">, [Uint8Array]>("SELECT bytes FROM blocks WHERE key = ?"),
    last: db.query<BlockRow, []>("SELECT key, bytes FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT 1"),
    lastHeight: db.query<Row<"height">, []>("SELECT height FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT 1"),
    highestRejected: db.query<Row<"height">, []>("SELECT max(height) AS height FROM blocks WHERE status = 2"),
    rejectedAfter: db.query<Row<"key" | "height" | "row">, [bigint, bigint, number]>(
      `SELECT key, height, rowid AS row FROM blocks
       WHERE status = 2 AND (height, rowid) > (?, ?) ORDER BY height, rowid LIMIT ?`,
    ),
    byHeight: db.query<BlockRow, [bigint]>("SELECT key, bytes FROM blocks WHERE height = ? AND status = 3"),
    lastAt: db.query<BlockRow, [bigint]>(
      "SELECT key, bytes FROM blocks WHERE timestamp <= ? AND status = 3 ORDER BY timestamp DESC, height DESC LIMIT 1",
    ),
    firstByDigest: db.query<BlockRow, [Uint8Array, bigint]>(`SELECT key, bytes ${withDigest}`),
    listingAtHeight: db.query<ListingRow, [bigint]>(`SELECT ${listed} FROM blocks WHERE height = ? AND status = 3`),
    listingByDigest: db.query<ListingRow, [Uint8Array, bigint]>(`SELECT ${listed} ${withDigest}`),
    hasDigest: db.query<unknown, [Uint8Array, bigint]>(`SELECT 1 ${withDigest}`),
    // Gives the key of the row itself: the index of the keys alone may be damaged.
    statusByKey: db.query<Row<"key" | "status" | "isHeld">, [Uint8Array]>(
      `SELECT found.key, found.status, found.bytes IS NOT NULL AS isHeld
       FROM blocks AS asked JOIN blocks AS found ON found.rowid = asked.rowid WHERE asked.key = ?`,
    ),
    insertAccepted: db.query<unknown, [Uint8Array, bigint, bigint, Uint8Array, Uint8Array]>(
      "INSERT INTO blocks (key, status, height, timestamp, digest, bytes) VALUES (?, 3, ?, ?, ?, ?)",
    ),
    insertRejected: db.query<unknown, [Uint8Array, bigint]>(
      "INSERT INTO blocks (key, status, height) VALUES (?, 2, ?)",
    ),
    // In these words SQLite uses both indexes of heights; with IN it reads all the blocks.
    deleteAbove: db.query<unknown, [bigint]>("DELETE FROM blocks WHERE height > ?1 AND (status = 2 OR status = 3)"),
    deleteBlocks: db.query<unknown, []>("DELETE FROM blocks"),
    deleteMeta: db.query<unknown, []>("DELETE FROM meta"),
    getMeta: db.query<Row<"value">, [string]>("SELECT value FROM meta WHERE name = ?"),
    setMeta: db.query<unknown, [string, Uint8Array]>("REPLACE INTO meta (name, value) VALUES (?, ?)"),
    size: db.query<Row<"bytes">, []>("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"),
  };
}

/** Deletes every block above a height. To be called in a transaction. */
export function rewindBlocks(sql: BlockStatements, height: bigint): void {
  sql.reencoded.removeAbove(height);
  sql.deleteAbove.run(height);
}
