import type { Database } from "bun:sqlite";

// Versions 1 to 3 of the schema, and how such a file is read as if it had the newest version.

/**
 * `status` has the numbers of AvalancheGo's choices: 2 rejected, 3 accepted. `key` is as in the newest version. `bytes`
 * has every accepted block as received.
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

const mempoolSchema = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

const searchSchema = `
  CREATE INDEX accepted_by_digest ON blocks (substr(digest, 1, 8), height) WHERE status = 3;
  CREATE INDEX accepted_by_timestamp ON blocks (timestamp, height) WHERE status = 3;
`;

/** The SQL that each old version, from version 1 on, adds to the one before. */
export const oldSchemaSteps: readonly string[] = [blocksSchema, mempoolSchema, searchSchema];

/** These hide the tables of the file: SQLite looks up a name among temporary tables and views first. */
const views = `
  CREATE TEMP VIEW blocks AS
    SELECT height, key, timestamp, NULL AS seen, NULL AS source, NULL AS data, bytes FROM main.blocks WHERE status = 3;
  CREATE TEMP VIEW rejected AS SELECT key, height FROM main.blocks WHERE status = 2;
  CREATE TEMP TABLE sources (source INTEGER PRIMARY KEY, node TEXT, imported INTEGER);
  CREATE TEMP TABLE trees (tree INTEGER PRIMARY KEY, root BLOB, secret BLOB, leaves BLOB);
  CREATE TEMP TABLE leaves (prefix BLOB, tree INTEGER);
  CREATE TEMP TABLE attestations (height INTEGER PRIMARY KEY, p_chain_height INTEGER, signatures BLOB);
`;

const emptyMempool = `
  CREATE TEMP TABLE mempool (position INTEGER PRIMARY KEY, digest BLOB, since INTEGER, peer TEXT, data BLOB);
`;

/**
 * Lets this connection read a file of an old version with the statements for the newest one. The file does not change.
 */
export function viewAsNewest(db: Database, version: number): void {
  db.run(version === 1 ? views + emptyMempool : views);
}
