import { expect, test } from "bun:test";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { openReader } from "../../src/store/shared-database.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("a thread that ends with an open reader leaves the log and the file as they are", async () => {
  using directory = temporaryDirectory();
  const store = BlockStore.open(directory.file("chain.db"));
  for (const block of [genesis, ...chainOn(genesis, 20)]) store.accept(block, digestOf(block.data));
  const sizes = () => [store.file, `${store.file}-wal`].map((file) => statSync(file).size);
  const before = sizes();
  for (let i = 0; i < 5; i++) {
    const thread = new Worker(new URL("reading-thread.ts", import.meta.url).href, { argv: [store.file] });
    await once(thread, "message");
    const ended = once(thread, "close");
    thread.terminate();
    await ended;
  }
  expect(sizes()).toEqual(before);
  store.close();
});

test("a reader can write nothing", () => {
  using directory = temporaryDirectory();
  const store = BlockStore.open(directory.file("chain.db"));
  const reader = openReader(store.file);
  expect(() => reader.run("CREATE TABLE anything (x)")).toThrow("readonly");
  reader.close();
  store.close();
});

test("a file that is not a database is refused, by name", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  writeFileSync(file, "x".repeat(10_000));
  expect(refusalOf(() => BlockReader.openBeside(file))).toMatchObject({ code: "database failed", file });
});
