import { Database } from "bun:sqlite";
import { idToBytes } from "../../src/avalanche/id.ts";
import type { NodeId } from "../../src/avalanche/node-id.ts";
import type { Block } from "../../src/core/block.ts";

/** The instance id of every old file. */
export const oldInstanceId: Uint8Array = new Uint8Array(16).fill(0x1d);

/** What the first version of timestampvm made, … */
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
/** … what the second one had beyond it, … */
const mempool = `
  CREATE TABLE mempool (
    position INTEGER NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    since    INTEGER NOT NULL,
    peer     TEXT,
    data     BLOB    NOT NULL
  ) STRICT;
`;

/** … and what the third. */
const search = `
  CREATE INDEX accepted_by_digest ON blocks (substr(digest, 1, 8), height) WHERE status = 3;
  CREATE INDEX accepted_by_timestamp ON blocks (timestamp, height) WHERE status = 3;
`;

/** The SQL of each version: what it has beyond the one before. */
export const oldSchemas: readonly string[] = [blocks, mempool, search];

/** The versions before the present one. */
export const oldVersions = [1, 2, 3] as const;
export type OldVersion = (typeof oldVersions)[number];

interface Gossiped {
  readonly data: Uint8Array;
  readonly peer: NodeId;
}

export interface OldContent {
  /** Where the hash of a block's bytes is not its id, it is one that timestampvm-rs encoded again. */
  readonly accepted: readonly Block[];
  readonly rejected?: readonly Block[];
  /** Data that waits for a block; not in version 1. First what clients proposed, … */
  readonly waiting?: readonly Uint8Array[];
  /** … and then what peers sent. */
  readonly gossiped?: readonly Gossiped[];
}

/** Makes a database file as an older version of timestampvm wrote it, without our code. */
export function makeOldFile(file: string, version: OldVersion, content: OldContent): void {
  const { accepted, rejected = [], waiting = [], gossiped = [] } = content;
  using db = new Database(file, { strict: true, safeIntegers: true });
  db.run("PRAGMA page_size = 16384");
  db.run("PRAGMA journal_mode = WAL");
  db.transaction(() => {
    for (const sql of oldSchemas.slice(0, version)) db.run(sql);
    db.run(`PRAGMA application_id = ${0x7473766d}`);
    db.run(`PRAGMA user_version = ${version}`);
    db.run("INSERT INTO meta (name, value) VALUES ('instance_id', ?)", [oldInstanceId]);
    const insert = "INSERT INTO blocks (key, status, height, timestamp, digest, bytes) VALUES";
    for (const { id, height, timestamp, data, bytes } of accepted) {
      db.run(`${insert} (?, 3, ?, ?, ?, ?)`, [keyOf(id), height, timestamp, sha256(data), bytes]);
      const name = `reencoded ${idToBytes(id).toHex()}`;
      const hash = sha256(bytes);
      if (hash.toHex() !== idToBytes(id).toHex()) db.run("INSERT INTO meta (name, value) VALUES (?, ?)", [name, hash]);
    }
    for (const { id, height } of rejected) db.run(`${insert} (?, 2, ?, NULL, NULL, NULL)`, [keyOf(id), height]);
    for (const { data, peer } of [...waiting.map((data) => ({ data, peer: null })), ...gossiped]) {
      const values = [sha256(data), peer, data];
      db.run("INSERT INTO mempool (digest, since, peer, data) VALUES (?, 1700000000, ?, ?)", values);
    }
  })();
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(bytes).digest();
}

function keyOf(id: Block["id"]): Uint8Array {
  return Uint8Array.of(0x00, 0x2f, ...idToBytes(id));
}
