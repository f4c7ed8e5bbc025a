import { Database } from "bun:sqlite";
import { idToBytes } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf, digestToBytes } from "../../src/core/digest.ts";

/** The instance id of every old file. */
export const oldInstanceId: Uint8Array = new Uint8Array(16).fill(0x1d);

/** What the first version of timestampvm made, and what the second one had beyond it. */
const blocks = `
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
const mempool = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

export interface OldContent {
  readonly accepted: readonly Block[];
  readonly rejected?: readonly Block[];
  /** Data that waits for a block; not in version 1. */
  readonly waiting?: readonly Uint8Array[];
}

/** Makes a database file as an older version of timestampvm wrote it, without our code. */
export function makeOldFile(file: string, version: 1 | 2, { accepted, rejected = [], waiting = [] }: OldContent): void {
  using db = new Database(file, { strict: true, safeIntegers: true });
  db.run("PRAGMA page_size = 16384");
  db.run("PRAGMA journal_mode = WAL");
  db.transaction(() => {
    db.run(blocks);
    if (version === 2) db.run(mempool);
    db.run(`PRAGMA application_id = ${0x7473766d}`);
    db.run(`PRAGMA user_version = ${version}`);
    db.run("INSERT INTO meta (name, value) VALUES ('instance_id', ?)", [oldInstanceId]);
    const insert = "INSERT INTO blocks (key, status, height, timestamp, digest, bytes) VALUES";
    for (const { id, height, timestamp, data, bytes } of accepted) {
      db.run(`${insert} (?, 3, ?, ?, ?, ?)`, [keyOf(id), height, timestamp, digestToBytes(digestOf(data)), bytes]);
    }
    for (const { id, height } of rejected) db.run(`${insert} (?, 2, ?, NULL, NULL, NULL)`, [keyOf(id), height]);
    for (const data of waiting) {
      const values = [digestToBytes(digestOf(data)), data];
      db.run("INSERT INTO mempool (digest, since, peer, data) VALUES (?, 1700000000, NULL, ?)", values);
    }
  })();
}

function keyOf(id: Block["id"]): Uint8Array {
  return Uint8Array.of(0x00, 0x2f, ...idToBytes(id));
}
