import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, childOf, genesis, now } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const blocks = [genesis, ...chainOn(genesis, 3)];

describe("a whole chain at once", () => {
  test("is accepted block by block", () => {
    const store = BlockStore.open(":memory:");
    const [, one = genesis] = blocks;
    const waiting = { digest: digestOf(one.data), data: one.data, bytes: one.data.length, since: now, peer: undefined };
    store.proposals.add([waiting]);
    store.acceptAll(blocks);
    expect(blocks.map(({ height }) => store.expectBlockAtHeight(height))).toEqual(blocks);
    expect(blocks.map(({ data }) => store.findBlock(digestOf(data), 0n))).toEqual(blocks);
    expect(store.proposals.count(), "what it carries waits no longer").toBe(0);
  });

  test("is accepted as a whole or not at all", () => {
    const store = BlockStore.open(":memory:");
    store.acceptAll([genesis]);
    const rival = childOf(genesis, "rival");
    expect(refusalCodeOf(() => store.acceptAll([...blocks.slice(1), rival]))).toBe("database failed");
    expect(store.lastHeight()).toBe(0n);
  });
});

test("the last height is that of the last accepted block, and none in a new file", () => {
  const store = BlockStore.open(":memory:");
  expect(store.lastHeight()).toBeUndefined();
  store.acceptAll(blocks);
  store.reject(childOf(childOf(blocks[3] ?? genesis, "x"), "rejected, and higher"));
  expect(store.lastHeight()).toBe(3n);
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

test("proposals are counted, and known by their digest", () => {
  const store = BlockStore.open(":memory:");
  const [known, unknown] = [digestOf(new Uint8Array(1)), digestOf(new Uint8Array(2))];
  store.proposals.add([{ digest: known, data: new Uint8Array(1), bytes: 1, since: now, peer: undefined }]);
  expect(store.proposals.count()).toBe(1);
  expect([known, unknown].map((digest) => store.proposals.has(digest))).toEqual([true, false]);
});
