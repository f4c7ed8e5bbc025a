import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { type Block, createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, childOf, genesis, now, spaced } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

function accept(store: BlockStore, ...blocks: readonly Block[]): void {
  for (const block of blocks) store.accept(block, digestOf(block.data));
}

function storeOf(...blocks: readonly Block[]): BlockStore {
  const store = BlockStore.open(":memory:");
  accept(store, ...blocks);
  return store;
}

const one = childOf(genesis, "one");

describe("an accepted block", () => {
  test("without data, and one of two megabytes, are kept", () => {
    const empty = childOf(genesis, "");
    const large = childOf(empty, new Uint8Array(1_000_000).fill(0xa5));
    const store = storeOf(genesis, empty, large);
    expect(store.getBlock(empty.id)).toEqual(empty);
    expect(store.getBlock(large.id)).toEqual(large);
  });

  test("is the only one at its height", () => {
    const store = storeOf(genesis, one);
    const rival = childOf(genesis, "rival");
    expect(refusalCodeOf(() => accept(store, rival))).toBe("database failed");
    expect(refusalCodeOf(() => accept(store, one))).toBe("database failed");
    expect(store.getIdAtHeight(1n)).toBe(one.id);
    expect(store.getBlock(rival.id)).toBeUndefined();
    expect(store.getDecision(rival.id)).toBeUndefined();
  });
});

test("several blocks are rejected in one transaction: all of them or none", () => {
  const store = storeOf(genesis);
  const [a, b] = [childOf(genesis, "a"), childOf(genesis, "b")] as const;
  store.reject(b);
  expect(refusalCodeOf(() => store.rejectAll([a, b]))).toBe("database failed");
  expect(store.getDecision(a.id)).toBeUndefined();
  store.rejectAll([a]);
  expect(store.getDecision(a.id)).toBe("rejected");
});

describe("a block that is not there", () => {
  test("is undefined", () => {
    const store = storeOf(genesis);
    expect(store.getBlock(zeroId)).toBeUndefined();
    expect(store.getDecision(zeroId)).toBeUndefined();
    expect(store.getIdAtHeight(1n)).toBeUndefined();
  });

  test.each([2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n])("even at height %p", (height) => {
    expect(storeOf(genesis).getIdAtHeight(height)).toBeUndefined();
  });

  test("is an error where a chain must have it", () => {
    expect(refusalOf(() => BlockStore.open(":memory:").lastAccepted())).toMatchObject({
      code: "database failed",
      problem: "it has no last accepted block",
    });
  });
});

describe("heights and times", () => {
  test("beyond 2^53 keep all their digits", () => {
    const [high, higher] = [2n ** 53n + 1n, 2n ** 63n - 1n].map((height) => {
      return spaced(createBlock({ parentId: genesis.id, height, timestamp: now, data: bytesOf("") }));
    }) as [Block, Block];
    const store = storeOf(genesis, high, higher);
    expect(store.getIdAtHeight(2n ** 53n + 1n)).toBe(high.id);
    expect(store.getIdAtHeight(2n ** 53n)).toBeUndefined();
    expect(store.getIdAtHeight(2n ** 63n - 1n)).toBe(higher.id);
    expect(store.lastAccepted().id).toBe(higher.id);
  });
});

describe("rewinding", () => {
  test("to the head or above changes nothing", () => {
    const store = storeOf(genesis, one);
    for (const height of [1n, 2n, 2n ** 63n - 1n]) store.rewind(height);
    expect(store.lastAccepted()).toEqual(one);
  });
});

describe("after the file was closed and opened again", () => {
  test("another file has another instance id", () => {
    expect(BlockStore.open(":memory:").instanceId).not.toEqual(BlockStore.open(":memory:").instanceId);
  });
});
