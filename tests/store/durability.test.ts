import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("the connection", () => {
  test("has the settings for one owner, safe against power cuts and independent of defaults", () => {
    using directory = temporaryDirectory();
    const { opened: store, connection } = withConnection(() => BlockStore.open(directory.file("chain.db")));
    const names = ["locking_mode", "journal_mode", "synchronous", "busy_timeout", "temp_store", "mmap_size"];
    const others = ["cell_size_check", "trusted_schema", "foreign_keys", "journal_size_limit"];
    expect(Object.fromEntries([...names, ...others].map((name) => [name, pragmaOf(connection, name)]))).toEqual({
      locking_mode: "normal",
      journal_mode: "wal",
      synchronous: 2n, // full
      busy_timeout: 1_000n,
      temp_store: 2n, // memory
      mmap_size: 0n,
      cell_size_check: 1n,
      trusted_schema: 0n,
      foreign_keys: 1n,
      journal_size_limit: 64n * 1024n * 1024n,
    });
    store.close();
  });

  test("syncs as often as it is asked to", () => {
    using directory = temporaryDirectory();
    const { opened: store, connection } = withConnection(() => BlockStore.open(directory.file("chain.db")));
    store.setDurability("normal");
    expect(pragmaOf(connection, "synchronous")).toBe(1n);
    store.setDurability("full");
    expect(pragmaOf(connection, "synchronous")).toBe(2n);
    store.close();
  });
});

test("a checkpoint leaves an empty log behind, and nothing is lost", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const store = BlockStore.open(file);
  for (const block of [genesis, ...chainOn(genesis, 3)]) store.accept(block, digestOf(block.data));
  const head = store.lastAccepted();
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  store.checkpoint();
  expect(statSync(`${file}-wal`).size).toBe(0);
  expect(store.lastAccepted()).toEqual(head);
  expect(store.size()).toBe(BigInt(statSync(file).size));
  store.close();
});
