import type { Database } from "bun:sqlite";
import { listedBytes } from "../core/listing.ts";

/** What is stored of an accepted block. It has the declared type only while the file is sound. */
export interface BlockRow {
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

/** What a list needs of it: `start` is how its bytes begin, `size` counts them all. */
export interface ListingRow {
  readonly key: Uint8Array;
  readonly height: bigint;
  readonly timestamp: bigint;
  readonly size: bigint;
  readonly start: Uint8Array;
}

const listed = `key, height, timestamp, length(bytes) AS size, substr(bytes, 1, ${listedBytes}) AS start`;
/** The index has eight bytes of a digest, the row has all. */
const withDigest = `FROM blocks
   WHERE substr(digest, 1, 8) = substr(?1, 1, 8) AND digest = ?1 AND height >= ?2 AND status = 3
   ORDER BY height LIMIT 1`;

/** In front of a block key's hex: the name under which `meta` has the hash of what is stored of that block. */
export const reencodedPrefix = "reencoded ";

/** All that is asked of the blocks. Closing the database finalizes queries; one that is left would keep the file locked. */
export function prepareBlocks(db: Database) {
  return {
    bytesByKey: db.query<{ bytes: Uint8Array | null }, [Uint8Array]>("SELECT bytes FROM blocks WHERE key = ?"),
    last: db.query<BlockRow, []>("SELECT key, bytes FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT 1"),
    lastHeight: db.query<{ height: bigint }, []>(
      "SELECT height FROM blocks WHERE status = 3 ORDER BY height DESC LIMIT 1",
    ),
    highestRejected: db.query<{ height: bigint | null }, []>(
      "SELECT max(height) AS height FROM blocks WHERE status = 2",
    ),
    byHeight: db.query<BlockRow, [bigint]>("SELECT key, bytes FROM blocks WHERE height = ? AND status = 3"),
    lastAt: db.query<BlockRow, [bigint]>(
      "SELECT key, bytes FROM blocks WHERE timestamp <= ? AND status = 3 ORDER BY timestamp DESC, height DESC LIMIT 1",
    ),
    firstByDigest: db.query<BlockRow, [Uint8Array, bigint]>(`SELECT key, bytes ${withDigest}`),
    listingAtHeight: db.query<ListingRow, [bigint]>(`SELECT ${listed} FROM blocks WHERE height = ? AND status = 3`),
    listingByDigest: db.query<ListingRow, [Uint8Array, bigint]>(`SELECT ${listed} ${withDigest}`),
    hasDigest: db.query<unknown, [Uint8Array, bigint]>(`SELECT 1 ${withDigest}`),
    // The row itself says whose it is: the index of the keys, alone, may be damaged.
    statusByKey: db.query<{ key: Uint8Array; status: bigint; isHeld: bigint }, [Uint8Array]>(
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
    // The plus keeps SQLite from going through all the blocks when there is no such row.
    forgetReencodedAbove: db.query<unknown, [bigint]>(
      `DELETE FROM meta WHERE name LIKE '${reencodedPrefix}%' AND +name IN
         (SELECT '${reencodedPrefix}' || lower(hex(substr(key, 3))) FROM blocks WHERE height > ? AND status = 3)`,
    ),
    deleteBlocks: db.query<unknown, []>("DELETE FROM blocks"),
    deleteMeta: db.query<unknown, []>("DELETE FROM meta"),
    getMeta: db.query<{ value: Uint8Array }, [string]>("SELECT value FROM meta WHERE name = ?"),
    setMeta: db.query<unknown, [string, Uint8Array]>("REPLACE INTO meta (name, value) VALUES (?, ?)"),
    size: db.query<{ bytes: bigint }, []>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
    ),
  };
}

/** Deletes every block above a height. To be called in a transaction. */
export function rewindBlocks(sql: ReturnType<typeof prepareBlocks>, height: bigint): void {
  sql.forgetReencodedAbove.run(height);
  sql.deleteAbove.run(height);
}
