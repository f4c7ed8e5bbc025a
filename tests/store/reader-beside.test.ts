import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, genesis, spaced } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** So many commits beside a reader that never rests: with no wait for a lock, one in some 20,000 was refused. */
const commits = 60_000;

describe("a second connection, which only reads,", () => {
  test("sees each commit at once, and nothing that is not committed", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    store.accept(genesis, digestOf(genesis.data));
    const reader = BlockReader.openBeside(store.file);
    for (const block of chainOn(genesis, 3)) {
      expect(reader.getBlock(block.id)).toBeUndefined();
      store.accept(block, digestOf(block.data));
      expect(reader.lastAccepted()).toEqual(block);
    }
    reader.close();
    store.close();
  });

  test("reads heights and times beyond 2^53 exactly", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    const large = 2n ** 53n + 1n;
    const { id: parentId, data } = genesis;
    const block = spaced(createBlock({ parentId, height: large, timestamp: large, data }));
    store.accept(block, digestOf(block.data));
    const reader = BlockReader.openBeside(store.file);
    expect(reader.lastHeight()).toBe(large);
    expect(reader.getListingAtHeight(large)?.timestamp).toBe(large);
    expect(reader.getBlockAtHeight(large)).toEqual(block);
    reader.close();
    store.close();
  });

  test.each(["a b.db", "100%25.db", "a?b=c&d.db", "a#b.db", "ü€😀.db", "a\\b'\".db", "%zz.db"])(
    "opens a file by any name: %s",
    (name) => {
      using directory = temporaryDirectory();
      const file = directory.file(name);
      const store = BlockStore.open(file);
      store.accept(genesis, digestOf(genesis.data));
      expect(existsSync(file)).toBe(true);
      const reader = BlockReader.openBeside(file);
      expect(reader.lastAccepted()).toEqual(genesis);
      reader.close();
      store.close();
    },
  );

  test("leaves an empty log behind when it is closed before the writer", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    const reader = BlockReader.openBeside(store.file);
    store.accept(genesis, digestOf(genesis.data));
    reader.close();
    store.close();
    expect(existsSync(`${store.file}-wal`)).toBe(false);
  });

  test("on another thread, never makes a commit fail", async () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    store.setDurability("normal");
    store.accept(genesis, digestOf(genesis.data));
    const thread = new Worker(new URL("reading-thread.ts", import.meta.url).href, { argv: [store.file] });
    const said = () => new Promise((resolve) => thread.addEventListener("message", resolve, { once: true }));
    await said();
    const [digest, data] = [digestOf(genesis.data), genesis.data];
    for (let i = 0; i < commits / 2; i++) {
      store.proposals.add([{ digest, data, bytes: data.length, since: 1n, peer: undefined }]);
      store.proposals.remove(digest);
    }
    const ended = said();
    thread.postMessage("end");
    await ended;
    store.close();
  });
});
