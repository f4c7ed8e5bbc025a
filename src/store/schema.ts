import type { Database } from "bun:sqlite";
import { digestBytes } from "../core/digest.ts";
import { maxSignatures, signedBytes } from "./attestation-table.ts";
import { maxTreeLeaves, secretBytes } from "./tree-table.ts";

/** "tsvm" in the file's header: we and the program `file` recognize the file by it. */
export const applicationId = 0x7473766d;

/** The version of the files that this program writes. */
export const schemaVersion = 4;

/** A stamp changes four pages of any size. In pages of 4 KiB, blocks of 1 KiB would waste a third of the space. */
const pageBytes = 8_192;

/**
 * `key` is the status-prefix key of timestampvm-rs (state/mod.rs), `0x00 '/' id(32)`:
 *
 *     0x00 '/' id  ->  in `blocks`: accepted
 *                      in `rejected`: rejected; nothing else is kept of it but its height
 *
 * Processing blocks are never stored. A block in the canonical form is kept as its fields: its data in `data`, and its
 * parent as the key one height below. Any other block is kept in `bytes`, as received.
 *
 * The index has eight bytes of each id: these take a third of the space of the whole id, and hardly ever find a wrong
 * row. A look-up compares the whole key.
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

/** The first eight bytes of the digest of each block's data, added in sorted batches: see `DigestIndex`. */
const digestsSchema = `
  CREATE TABLE digests (
    prefix BLOB    NOT NULL CHECK (length(prefix) = 8),
    height INTEGER NOT NULL,
    PRIMARY KEY (prefix, height)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * `position` is the order of arrival; `peer` is NULL for a proposal of this node's clients. There is no index of
 * digests: each stamp would write its page twice, and `ProposalTable` has the digests in memory.
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
 * `trees` has the Merkle trees whose roots are proposed: 32 bytes per leaf, and the secret from which the nonces of the
 * leaves are derived. `leaves` will find the trees of a leaf by its first eight bytes; nothing fills it yet.
 * `attestations` has the signatures of validators: for each, a node id (20 bytes) and a BLS signature (96 bytes).
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

/** SQL for: this column has 1 to `max` parts of `bytes` bytes each. */
function hasParts(column: string, bytes: number, max: number): string {
  return `length(${column}) BETWEEN ${bytes} AND ${bytes * max} AND length(${column}) % ${bytes} = 0`;
}

/** The SQL of all tables and indexes. */
export const schema: string = [blocksSchema, digestsSchema, mempoolSchema, proofsSchema].join("");

/** Makes the tables of this version in an empty file. */
export function makeSchema(db: Database): void {
  db.run(`PRAGMA page_size = ${pageBytes}`);
  db.transaction(() => {
    db.run(`PRAGMA application_id = ${applicationId}`);
    db.run(schema);
    db.run(`PRAGMA user_version = ${schemaVersion}`);
  }).exclusive();
}
