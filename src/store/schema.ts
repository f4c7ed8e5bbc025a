import type { Database } from "bun:sqlite";
import { digestBytes } from "../core/digest.ts";
import { maxSignatures, signedBytes } from "./attestation-table.ts";
import { maxTreeLeaves, secretBytes } from "./tree-table.ts";

/** Four bytes in the file's header, "tsvm": we and the program `file` know the file by them. */
export const applicationId = 0x7473766d;

/** The version of the files that this program writes. */
export const schemaVersion = 4;

/** A stamp changes four pages, whatever their size, and blocks of 1 KiB would waste a third of one of 4 KiB. */
const pageBytes = 8_192;

/**
 * `key` is the status-prefix key of timestampvm-rs (state/mod.rs), `0x00 '/' id(32)`:
 *
 *     0x00 '/' id  ->  in `blocks`: accepted
 *                      in `rejected`: rejected; only that it was
 *
 * Processing blocks are never here. A block in the canonical form is kept as its fields: `data` is its data, and its
 * parent is the key one height below. Any other is kept in `bytes`, as it was received.
 *
 * A look-up compares the whole key; the index has eight bytes of each id, which take a third of the space of all, and
 * hardly ever find a row in vain.
 */
const blocksSchema = `
  CREATE TABLE sources (
    source   INTEGER NOT NULL PRIMARY KEY,
    node     TEXT    NOT NULL,
    imported INTEGER NOT NULL CHECK (imported IN (0, 1)),
    UNIQUE (node, imported)
  ) STRICT;
  CREATE TABLE blocks (
    height    INTEGER NOT NULL PRIMARY KEY CHECK (height >= 0),
    key       BLOB    NOT NULL CHECK (length(key) = 34),
    timestamp INTEGER NOT NULL CHECK (timestamp >= 0),
    seen      INTEGER,
    source    INTEGER REFERENCES sources,
    data      BLOB,
    bytes     BLOB,
    CHECK ((seen IS NULL) = (source IS NULL)),
    CHECK ((data IS NULL) <> (bytes IS NULL))
  ) STRICT;
  CREATE INDEX blocks_by_id ON blocks (substr(key, 3, 8));
  CREATE TABLE rejected (
    key    BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 34),
    height INTEGER NOT NULL CHECK (height >= 0)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rejected_by_height ON rejected (height);
  CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;
`;

/** Eight bytes of the digest of each block's data, filled in sorted batches: see `DigestIndex`. */
const digestsSchema = `
  CREATE TABLE digests (
    prefix BLOB    NOT NULL CHECK (length(prefix) = 8),
    height INTEGER NOT NULL,
    PRIMARY KEY (prefix, height)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * `position` is the order in which proposals came; `peer` is NULL for what a client of this node proposed. No index of
 * the digests, which would be one more page to write twice a stamp: `ProposalTable` has them in memory.
 */
const mempoolSchema = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

/**
 * `trees` has the Merkle trees whose roots are proposed: 32 bytes a leaf, and the secret from which the nonces of the
 * leaves are derived. `leaves` is to find the trees of a leaf by eight bytes of it; nothing fills it yet.
 * `attestations` has the signatures of validators: 20 bytes of a node id and 96 of a BLS signature each.
 */
const proofsSchema = `
  CREATE TABLE trees (
    tree   INTEGER NOT NULL PRIMARY KEY,
    root   BLOB    NOT NULL UNIQUE CHECK (length(root) = ${digestBytes}),
    secret BLOB    NOT NULL CHECK (length(secret) = ${secretBytes}),
    leaves BLOB    NOT NULL CHECK (${hasParts("leaves", digestBytes, maxTreeLeaves)})
  ) STRICT;
  CREATE TABLE leaves (
    prefix BLOB    NOT NULL CHECK (length(prefix) = 8),
    tree   INTEGER NOT NULL,
    PRIMARY KEY (prefix, tree)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE attestations (
    height         INTEGER NOT NULL PRIMARY KEY,
    p_chain_height INTEGER NOT NULL CHECK (p_chain_height >= 0),
    signatures     BLOB    NOT NULL CHECK (${hasParts("signatures", signedBytes, maxSignatures)})
  ) STRICT;
  CREATE INDEX attested_heights ON attestations (height);
`;

/** That a column has at least one part and at most `max`, of `bytes` each. */
function hasParts(column: string, bytes: number, max: number): string {
  return `length(${column}) BETWEEN ${bytes} AND ${bytes * max} AND length(${column}) % ${bytes} = 0`;
}

/** The SQL of all tables and indexes. */
export const schema: string = [blocksSchema, digestsSchema, mempoolSchema, proofsSchema].join("");

/** Makes an empty file one of this version. */
export function makeSchema(db: Database): void {
  db.run(`PRAGMA page_size = ${pageBytes}`);
  db.transaction(() => {
    db.run(`PRAGMA application_id = ${applicationId}`);
    db.run(schema);
    db.run(`PRAGMA user_version = ${schemaVersion}`);
  }).exclusive();
}
