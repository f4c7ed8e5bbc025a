import { describe, expect, test } from "bun:test";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const blocks = [genesis, ...chainOn(genesis, 3)];

describe("a whole chain at once", () => {
  test("is accepted as a whole or not at all", () => {
    const store = BlockStore.open(":memory:");
    store.acceptAll([genesis]);
    const rival = childOf(genesis, "rival");
    expect(refusalCodeOf(() => store.acceptAll([...blocks.slice(1), rival]))).toBe("database failed");
    expect(store.lastHeight()).toBe(0n);
  });
});

test("a missing block at a height that must have one is damage", () => {
  const store = BlockStore.open(":memory:");
  expect(refusalOf(() => store.expectBlockAtHeight(0n))).toMatchObject({
    code: "database failed",
    problem: "the block at height 0 is missing",
  });
});

test("a new file takes the given instance id, and an existing file keeps its own", () => {
  using directory = temporaryDirectory();
  const [first, second] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  for (const given of [first, second]) {
    const store = BlockStore.open(directory.file("chain.db"), given);
    expect(store.instanceId).toEqual(first);
    store.close();
  }
});
