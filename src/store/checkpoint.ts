import { openWriter } from "./shared-database.ts";

/**
 * Copies the write-ahead log of a file, which this process has open, into the file: on this thread, and never waiting
 * for those who read or write meanwhile. Syncs the log before, the file behind. No connection is left, so that a
 * thread which ends later does not hold up those who commit: see `openReader`. Throws the error of SQLite, or
 * "database failed" if the file cannot be opened.
 */
export function checkpoint(file: string): void {
  using db = openWriter(file);
  db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
}
