import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { idToBytes } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { parseGenesis } from "../../src/core/genesis.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { applicationId, schemaVersion } from "../../src/store/schema.ts";
import { bytesOf, childOf, genesis, now, spaced } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Rows of the file, read without our code. */
function rowsOf(
  file: string,
  sql = "SELECT height, hex(key) AS key, timestamp, seen, source, data, bytes FROM blocks",
) {
  using db = new Database(file, { readonly: true, safeIntegers: true });
  return db.query(sql).all();
}

function pragmaOf(file: string, name: string): unknown {
  using db = new Database(file, { readonly: true });
  return db.query(`PRAGMA ${name}`).values()[0]?.[0];
}

describe("in the file", () => {
  using directory = temporaryDirectory();
  const file = directory.file("deep/er/chain.db");
  const [block, loser] = [childOf(genesis, "x"), childOf(genesis, "y")];
  const odd = spaced(childOf(block, "z"));
  const store = BlockStore.open(file);
  store.accept(genesis, digestOf(genesis.data));
  store.accept(block, digestOf(block.data));
  store.accept(odd, digestOf(odd.data));
  store.reject(loser);
  const size = store.size();
  store.close();
  const walLeft = existsSync(`${file}-wal`);
  const rows = rowsOf(file);
  const rejected = rowsOf(file, "SELECT hex(key) AS key, height FROM rejected");
  const pragmas = Object.fromEntries(
    ["application_id", "user_version", "page_size", "journal_mode", "integrity_check"].map((name) => [
      name,
      pragmaOf(file, name),
    ]),
  );
  const bytes = statSync(file).size;

  const keyOf = ({ id }: Block) => `002F${idToBytes(id).toHex().toUpperCase()}`;
  const unseen = { seen: null, source: null };

  test("an accepted block stands under 0x00 '/' id, with its fields", () => {
    const { data } = genesis;
    expect(rows[0]).toEqual({ height: 0n, key: keyOf(genesis), timestamp: 0n, ...unseen, data, bytes: null });
    expect(rows[1]).toEqual({
      height: 1n,
      key: keyOf(block),
      timestamp: now,
      ...unseen,
      data: block.data,
      bytes: null,
    });
  });

  test("one in another form, with its bytes", () => {
    const { height, bytes } = odd;
    expect(rows[2]).toEqual({ height, key: keyOf(odd), timestamp: now, ...unseen, data: null, bytes });
  });

  test("a rejected block stands under its key, with its height alone", () => {
    expect(rejected).toEqual([{ key: keyOf(loser), height: 1n }]);
  });

  test("are its marks: tsvm, schema 4, pages of 8 KiB, write-ahead log, sound", () => {
    expect([applicationId, schemaVersion]).toEqual([0x7473766d, 4]);
    expect(pragmas).toEqual({
      application_id: 0x7473766d,
      user_version: 4,
      page_size: 8_192,
      journal_mode: "wal",
      integrity_check: "ok",
    });
  });

  test("is everything after the close: no log is left beside it", () => {
    expect(walLeft).toBeFalse();
    expect(size).toBe(BigInt(bytes));
  });
});

test("the key of a block is what timestampvm-rs calls its status-prefix key", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const store = BlockStore.open(file);
  const first = parseGenesis(bytesOf('{"data":"2YfUpY9RCX"}'));
  store.accept(first, digestOf(first.data));
  store.close();
  expect(rowsOf(file)).toEqual([
    {
      height: 0n,
      key: "002F4267320D6C6A723C198D41D4A380B908FA8258E4A10CB21BCC5EC30FF0FFDC93",
      timestamp: 0n,
      seen: null,
      source: null,
      data: bytesOf("2YfUpY9RCX"),
      bytes: null,
    },
  ]);
});

test("an open file has no shared-memory file beside it", () => {
  using directory = temporaryDirectory();
  const store = BlockStore.open(directory.file("chain.db"));
  store.accept(genesis, digestOf(genesis.data));
  expect(existsSync(directory.file("chain.db-wal"))).toBeTrue();
  expect(existsSync(directory.file("chain.db-shm"))).toBeFalse();
  expect(existsSync(directory.file("chain.db-journal"))).toBeFalse();
  store.close();
});

test("the file enforces its rules for every writer", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  BlockStore.open(file).close();
  using db = new Database(file);
  db.run("PRAGMA foreign_keys = ON");
  const key = new Uint8Array(34);
  const blocks = "INSERT INTO blocks (height, key, timestamp, seen, source, data, bytes) VALUES";
  expect(() => db.run(`${blocks} (1, ?, 1, NULL, NULL, x'00', x'00')`, [key])).toThrow("CHECK");
  expect(() => db.run(`${blocks} (1, ?, 1, NULL, NULL, NULL, NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${blocks} (1, ?, 1, 5, NULL, x'00', NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${blocks} (1, ?, 1, 5, 1, x'00', NULL)`, [key])).toThrow("FOREIGN KEY");
  expect(() => db.run(`${blocks} (-1, ?, 1, NULL, NULL, x'00', NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${blocks} (1, ?, -1, NULL, NULL, x'00', NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${blocks} (1, ?, 'one', NULL, NULL, x'00', NULL)`, [key])).toThrow("INTEGER");
  expect(() => db.run(`${blocks} (1, ?, 1, NULL, NULL, x'00', NULL)`, [key.subarray(1)])).toThrow("CHECK");
  db.run(`${blocks} (1, ?, 1, NULL, NULL, x'00', NULL)`, [key]);
  expect(() => db.run(`${blocks} (1, ?, 1, NULL, NULL, x'00', NULL)`, [key])).toThrow("UNIQUE");
  const others = [
    ["rejected (key, height) VALUES (x'00', 1)", "CHECK"],
    ["rejected (key, height) VALUES (zeroblob(34), -1)", "CHECK"],
    ["digests (prefix, height) VALUES (x'00', 1)", "CHECK"],
    ["sources (node, imported) VALUES ('NodeID-1', 2)", "CHECK"],
    ["mempool (digest, since, data) VALUES (x'00', 1, x'00')", "CHECK"],
    ["trees (root, secret, leaves) VALUES (zeroblob(31), zeroblob(32), zeroblob(32))", "CHECK"],
    ["trees (root, secret, leaves) VALUES (zeroblob(32), zeroblob(31), zeroblob(32))", "CHECK"],
    ["trees (root, secret, leaves) VALUES (zeroblob(32), zeroblob(32), zeroblob(33))", "CHECK"],
    ["trees (root, secret, leaves) VALUES (zeroblob(32), zeroblob(32), x'')", "CHECK"],
    ["leaves (prefix, tree) VALUES (x'00', 1)", "CHECK"],
    ["attestations (height, p_chain_height, signatures) VALUES (1, -1, zeroblob(116))", "CHECK"],
    ["attestations (height, p_chain_height, signatures) VALUES (1, 1, zeroblob(115))", "CHECK"],
    ["attestations (height, p_chain_height, signatures) VALUES (1, 1, x'')", "CHECK"],
  ] as const;
  for (const [row, refusal] of others) expect(() => db.run(`INSERT INTO ${row}`), row).toThrow(refusal);
});
