import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { digestOf } from "../../src/core/digest.ts";
import { localDisk } from "../../src/disk/log-disk.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { systemClock } from "../../src/vm/clock.ts";
import { childOf, genesis } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("the disk of a chain on one thread syncs the log, and copies it into the file", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const disk = localDisk(file);
  if (disk === undefined) throw new Error("a file has a disk");
  const store = BlockStore.open(file);
  store.syncBy(disk, systemClock);
  store.accept(genesis, digestOf(genesis.data));
  await store.synced();
  expect(store.synced()).toBeUndefined();
  store.accept(childOf(genesis), digestOf(childOf(genesis).data));
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  store.checkpoint();
  while (statSync(`${file}-wal`).size > 0) await setImmediate();
  void disk.close();
  void disk.close();
  store.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("memory has no disk", () => {
  expect(localDisk(":memory:")).toBeUndefined();
});
