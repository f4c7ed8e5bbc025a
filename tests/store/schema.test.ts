import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { idToBytes } from "../../src/avalanche/id.ts";
import { digestOf } from "../../src/core/digest.ts";
import { parseGenesis } from "../../src/core/genesis.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { applicationId, schemaVersion } from "../../src/store/schema.ts";
import { bytesOf, childOf, genesis, now } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** The row that a block has in the file, read without our code. */
function rowsOf(file: string): unknown[] {
  using db = new Database(file, { readonly: true, safeIntegers: true });
  return db.query("SELECT hex(key) AS key, status, height, timestamp, hex(digest) AS digest, bytes FROM blocks").all();
}

function pragmaOf(file: string, name: string): unknown {
  using db = new Database(file, { readonly: true });
  return db.query(`PRAGMA ${name}`).values()[0]?.[0];
}

describe("in the file", () => {
  using directory = temporaryDirectory();
  const file = directory.file("deep/er/chain.db");
  const [block, loser] = [childOf(genesis, "x"), childOf(genesis, "y")];
  const store = BlockStore.open(file);
  store.accept(genesis, digestOf(genesis.data));
  store.accept(block, digestOf(block.data));
  store.reject(loser);
  const size = store.size();
  store.close();
  const walLeft = existsSync(`${file}-wal`);
  const rows = rowsOf(file);
  const pragmas = Object.fromEntries(
    ["application_id", "user_version", "page_size", "journal_mode", "integrity_check"].map((name) => [
      name,
      pragmaOf(file, name),
    ]),
  );
  const bytes = statSync(file).size;

  test("an accepted block stands under 0x00 '/' id, status 3, with its bytes", () => {
    expect(rows[0]).toEqual({
      key: `002F${idToBytes(genesis.id).toHex().toUpperCase()}`,
      status: 3n,
      height: 0n,
      timestamp: 0n,
      digest: digestOf(genesis.data).toUpperCase(),
      bytes: genesis.bytes,
    });
    expect(rows[1]).toMatchObject({ status: 3n, height: 1n, timestamp: now, bytes: block.bytes });
  });

  test("a rejected block stands under its key, status 2, with its height alone", () => {
    expect(rows[2]).toMatchObject({ status: 2n, height: 1n, timestamp: null, bytes: null, digest: "" });
  });

  test("stands what it is: tsvm, schema 3, pages of 16 KiB, write-ahead log, sound", () => {
    expect([applicationId, schemaVersion]).toEqual([0x7473766d, 3]);
    expect(pragmas).toEqual({
      application_id: 0x7473766d,
      user_version: 3,
      page_size: 16_384,
      journal_mode: "wal",
      integrity_check: "ok",
    });
  });

  test("is all after the close: no log is left beside it", () => {
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
      key: "002F4267320D6C6A723C198D41D4A380B908FA8258E4A10CB21BCC5EC30FF0FFDC93",
      status: 3n,
      height: 0n,
      timestamp: 0n,
      digest: digestOf(first.data).toUpperCase(),
      bytes: first.bytes,
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

test("the file keeps its rules against every writer", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  BlockStore.open(file).close();
  using db = new Database(file);
  const key = new Uint8Array(34);
  const row = "INSERT INTO blocks (key, status, height, timestamp, digest, bytes) VALUES";
  expect(() => db.run(`${row} (?, 3, 1, 1, NULL, x'00')`, [key])).toThrow("CHECK");
  expect(() => db.run(`${row} (?, 2, 1, 1, zeroblob(32), x'00')`, [key])).toThrow("CHECK");
  expect(() => db.run(`${row} (?, 1, 1, NULL, NULL, NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${row} (?, 2, -1, NULL, NULL, NULL)`, [key])).toThrow("CHECK");
  expect(() => db.run(`${row} (?, 2, 'one', NULL, NULL, NULL)`, [key])).toThrow("INTEGER");
  expect(() => db.run(`${row} (?, 2, 1, NULL, NULL, NULL)`, [key.subarray(1)])).toThrow("CHECK");
  db.run(`${row} (?, 2, 1, NULL, NULL, NULL)`, [key]);
  expect(() => db.run(`${row} (?, 2, 1, NULL, NULL, NULL)`, [key])).toThrow("UNIQUE");
});
