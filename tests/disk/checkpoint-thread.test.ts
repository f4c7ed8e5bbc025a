import { expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { CheckpointThread } from "../../src/disk/checkpoint-thread.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { genesis } from "../support/chain.ts";
import { reasonOf } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const worker = (path: string) => () => new Worker(new URL(path, import.meta.url).href);
const startReal = worker("../../src/disk/checkpoint-worker.ts");

/** A store whose log has something, and frames that are in the file already. */
function storeWithLog(file: string) {
  const store = BlockStore.open(file);
  store.accept(genesis, digestOf(genesis.data));
  return store;
}

test("a checkpoint begins its thread, which is ended with a close; before the first, there is none", async () => {
  using directory = temporaryDirectory();
  const store = storeWithLog(directory.file("chain.db"));
  let starts = 0;
  const thread = new CheckpointThread(store.file, () => {
    starts++;
    return startReal();
  });
  expect(starts).toBe(0);
  await thread.checkpoint();
  await thread.checkpoint();
  expect(starts).toBe(1);
  await thread.close();
  store.close();
  await new CheckpointThread(store.file, startReal).close();
});

test("a thread that ends fails what was asked, and the next checkpoint has another", async () => {
  using directory = temporaryDirectory();
  const store = storeWithLog(directory.file("chain.db"));
  const starts = [worker("ending-thread.ts"), startReal, startReal];
  const started: Worker[] = [];
  const thread = new CheckpointThread(store.file, () => {
    const one = (starts.shift() ?? startReal)();
    started.push(one);
    return one;
  });
  expect(await reasonOf(thread.checkpoint())).toMatchObject({
    message: "the thread of checkpoints has ended",
    code: "",
  });
  await thread.checkpoint();
  const ended = new Promise((resolve) => started[1]?.addEventListener("close", resolve));
  started[1]?.terminate(); // while nothing is asked
  await ended;
  await thread.checkpoint();
  expect(started.length).toBe(3);
  await thread.close();
  store.close();
});

test("what is wrong with the file is said", async () => {
  using directory = temporaryDirectory();
  const thread = new CheckpointThread(directory.file("missing/chain.db"), startReal);
  expect(await reasonOf(thread.checkpoint())).toMatchObject({
    message: expect.stringContaining("unable to open database file"),
  });
  await thread.close();
});
