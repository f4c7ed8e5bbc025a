import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import { chainOn, genesis, startVm } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { memoryDirectory } from "../support/temporary.ts";

const length = 150;
const blocks = [genesis, ...chainOn(genesis, length)];
const cure = expect.stringContaining("delete the chain data directory");

function makeChain(file: string): HeadMarker {
  const store = BlockStore.open(file);
  for (const block of blocks) store.accept(block, digestOf(block.data));
  const { id, height } = store.lastAccepted();
  const { instanceId } = store;
  store.close();
  return { instanceId, height, id };
}

function change(file: string, sql: string): void {
  using db = new Database(file);
  db.run(sql);
}

/** One byte of the data, another one: still a block, but not this one. */
const flip = (height: number) =>
  `UPDATE blocks SET data = CAST('c' || substr(data, 2) AS BLOB) WHERE height = ${height}`;

test.each([
  ["the newest block is changed", flip(length)],
  ["its parent is changed", flip(length - 1)],
  ["the hundredth newest is changed", flip(length - 99)],
  ["the newest block is no block", `UPDATE blocks SET data = NULL, bytes = x'7b7d' WHERE height = ${length}`],
  ["the newest block's parent is gone", `DELETE FROM blocks WHERE height = ${length - 1}`],
  [
    "the second newest is filed under another height",
    `UPDATE blocks SET height = 1000000 WHERE height = ${length - 1}`,
  ],
])("where %s, the chain does not open, with the file and the cure", (_name, sql) => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  const marker = makeChain(file);
  change(file, sql);
  expect(refusalOf(() => startVm({ file, marker }))).toMatchObject({ code: "database failed", file, cure });
  change(file, "BEGIN EXCLUSIVE"); // it is free again
});

test("where only an old block is changed, the chain opens, and the block is refused when it is asked for", () => {
  using directory = memoryDirectory();
  const file = directory.file("chain.db");
  const marker = makeChain(file);
  change(file, flip(10));
  const { vm } = startVm({ file, marker });
  expect(refusalCodeOf(() => vm.getBlock((blocks[10] ?? genesis).id))).toBe("database failed");
  expect(vm.getBlock((blocks[11] ?? genesis).id)).toEqual(blocks[11] ?? genesis);
  vm.close();
});
