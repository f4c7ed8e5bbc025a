import type { Database } from "bun:sqlite";

/** Four bytes in the file's header, "tsvm": we and the program `file` know the file by them. */
export const applicationId = 0x7473766d;

/** Blocks are hex text: on pages of 4 KiB, blocks of 2 KiB would waste half the file. */
const pageBytes = 16_384;

/**
 * `key` is the status-prefix key of timestampvm-rs (state/mod.rs), `0x00 '/' id(32)`:
 *
 *     0x00 '/' id  ->  accepted: the block, bytes as received
 *                      rejected: only that it was
 *
 * `status` has the numbers of AvalancheGo's choices: 2 rejected, 3 accepted. Processing blocks are never here.
 */
const blocksSchema = `
  CREATE TABLE blocks (
    key       BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 34),
    status    INTEGER NOT NULL CHECK (status IN (2, 3)),
    height    INTEGER NOT NULL CHECK (height >= 0),
    timestamp INTEGER,
    digest    BLOB    CHECK (length(digest) = 32),
    bytes     BLOB,
    CHECK ((status = 3) = (timestamp IS NOT NULL AND digest IS NOT NULL AND bytes IS NOT NULL))
  ) STRICT;
  CREATE UNIQUE INDEX accepted_by_height ON blocks (height) WHERE status = 3;
  CREATE INDEX rejected_by_height ON blocks (height) WHERE status = 2;
  CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;
`;

/** `position` is the order in which proposals came; `peer` is NULL for what a client of this node proposed. */
const mempoolSchema = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

/** Eight bytes of a digest take a third of the space of all 32, and hardly ever find a row in vain. */
const searchSchema = `
  CREATE INDEX accepted_by_digest ON blocks (substr(digest, 1, 8), height) WHERE status = 3;
  CREATE INDEX accepted_by_timestamp ON blocks (timestamp, height) WHERE status = 3;
`;

/** The SQL of each version of the file, from version 1 on: what it has beyond the one before. */
export const schemaSteps: readonly string[] = [blocksSchema, mempoolSchema, searchSchema];

/** The version of the files that this program writes. It reads every one from 1 up to this. */
export const schemaVersion = schemaSteps.length;

/** Makes an empty file one of the newest version. */
export function makeSchema(db: Database): void {
  db.run(`PRAGMA page_size = ${pageBytes}`);
  db.transaction(() => {
    db.run(`PRAGMA application_id = ${applicationId}`);
    addMissing(db, 0);
  }).exclusive();
}

/** Brings a file of an older version to the newest. */
export function bringUpToDate(db: Database, version: number): void {
  if (version < schemaVersion) db.transaction(() => addMissing(db, version)).exclusive();
}

function addMissing(db: Database, version: number): void {
  for (const step of schemaSteps.slice(version)) db.run(step);
  db.run(`PRAGMA user_version = ${schemaVersion}`);
}
