import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxProcessingBytes, ProcessingBlocks, processingBlockBytes } from "../../src/vm/processing.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const [a, b] = [childOf(genesis, "a"), childOf(genesis, "b")];
const [aa, ab] = [childOf(a, "aa"), childOf(a, "ab")];

function processingOf(...blocks: readonly Block[]): ProcessingBlocks {
  const processing = new ProcessingBlocks();
  for (const block of blocks) processing.add(block);
  return processing;
}

describe("processing blocks", () => {
  test("are found by id with their digests, until they are deleted", () => {
    const processing = processingOf(a, b);
    expect(processing.get(a.id)).toEqual({ block: a, digest: digestOf(a.data) });
    expect(processing.count).toBe(2);
    processing.delete(a);
    processing.delete(a);
    expect(processing.get(a.id)).toBeUndefined();
    expect(processing.count).toBe(1);
  });

  test("lose to an accepted one at its height or below, and are processing no more", () => {
    const processing = processingOf(a, b, aa, ab);
    expect(processing.decide(a)).toBe(1);
    expect([a, b, aa, ab].map(({ id }) => processing.get(id)?.block)).toEqual([undefined, undefined, aa, ab]);
    expect([a, b, aa, ab].map(({ id }) => processing.getLost(id))).toEqual([undefined, b, undefined, undefined]);
    expect(processing).toMatchObject({ count: 2, lostCount: 1 });
    expect([b, aa].map(({ data }) => processing.carries(digestOf(data)))).toEqual([false, true]);
    expect(processing.carriedTo(b.id)).toEqual(new Set());
    expect(processing.decide(aa)).toBe(1);
    expect(processing.someLost(9)).toEqual([b, ab]);
    expect(processing).toMatchObject({ count: 0, lostCount: 2 });
  });

  test("that have lost are given in slices, until they are deleted", () => {
    const losers = Array.from({ length: 7 }, (_, i) => childOf(genesis, `${i}`));
    const processing = processingOf(a, ...losers);
    expect(processing.someLost(9)).toEqual([]);
    processing.decide(a);
    for (const wanted of [losers.slice(0, 3), losers.slice(3, 6), losers.slice(6), []]) {
      expect(processing.someLost(3)).toEqual(wanted);
      for (const block of wanted) processing.delete(block);
    }
    expect(processing).toMatchObject({ count: 0, lostCount: 0 });
  });

  test("carry what their branch carries, and no other", () => {
    const processing = processingOf(a, b, aa, ab);
    expect(processing.carriedTo(ab.id)).toEqual(new Set([digestOf(ab.data), digestOf(a.data)]));
    expect(processing.carriedTo(b.id)).toEqual(new Set([digestOf(b.data)]));
    expect(processing.carriedTo(genesis.id)).toEqual(new Set());
    expect(processing.carriedTo(zeroId)).toEqual(new Set());
  });
});

describe("whether a processing block carries some data", () => {
  const digest = digestOf(a.data);

  test("is known from its adding to its decision", () => {
    const processing = new ProcessingBlocks();
    expect(processing.carries(digest)).toBeFalse();
    processing.add(a);
    expect([digest, digestOf(b.data)].map((one) => processing.carries(one))).toEqual([true, false]);
    processing.delete(b);
    expect(processing.carries(digest)).toBeTrue();
    processing.delete(a);
    processing.delete(a);
    expect(processing.carries(digest)).toBeFalse();
  });

  test("ends when the block has lost, unless a block above carries it too", () => {
    const processing = processingOf(a, b, childOf(a, "b"), childOf(b, "a"));
    processing.decide(b);
    expect([a, b].map(({ data }) => processing.carries(digestOf(data)))).toEqual([true, true]);
    processing.decide(childOf(b, "a"));
    expect([a, b].map(({ data }) => processing.carries(digestOf(data)))).toEqual([false, false]);
    for (const block of processing.someLost(9)) processing.delete(block);
    processing.add(childOf(childOf(b, "a"), "b"));
    expect([a, b].map(({ data }) => processing.carries(digestOf(data)))).toEqual([false, true]);
  });

  test("does not end when one of two blocks is decided", () => {
    const again = childOf(a, "a");
    const processing = processingOf(a, again);
    processing.delete(a);
    expect(processing.carries(digest)).toBeTrue();
    processing.delete(again);
    expect(processing.carries(digest)).toBeFalse();
  });
});

test("deciding, and asking what is carried, takes no longer for more heights or more losers", () => {
  const chain = chainOn(genesis, 30_000);
  const processing = processingOf(...chain, ...Array.from({ length: 1_000 }, (_, i) => childOf(genesis, `${i}`)));
  const last = digestOf(chain.at(-1)?.data ?? new Uint8Array());
  // Looked for height by height, this would be some hundred million steps.
  for (const block of chain) {
    expect(processing.carries(last)).toBeTrue();
    processing.decide(block);
  }
  expect(processing.carries(last)).toBeFalse();
  expect(processing).toMatchObject({ count: 0, lostCount: 1_000 });
});

describe("their memory is bounded", () => {
  const bytes = new Uint8Array(maxProcessingBytes / 4 - 100 - processingBlockBytes);
  const data = new Uint8Array(100);
  /** A quarter of the bound, in one array that all share. */
  const quarter = (text: string): Block => ({ ...childOf(genesis, text), bytes, data });
  const quarters = ["1", "2", "3", "4"].map(quarter);

  test("by their bytes, data and overhead: the last that fits, the first that does not", () => {
    const processing = processingOf(...quarters);
    expect(refusalOf(() => processing.add(a))).toEqual({
      code: "too many processing",
      bytes: maxProcessingBytes + a.bytes.length + a.data.length + processingBlockBytes,
      maxBytes: maxProcessingBytes,
    });
    expect(processing.count).toBe(4);
    expect(processing.get(a.id)).toBeUndefined();
  });

  test("those that have lost count until they are deleted", () => {
    const processing = processingOf(...quarters);
    const [first, second] = quarters as [Block, Block];
    processing.decide(first);
    processing.add({ ...quarter("5"), height: 2n });
    const sixth = { ...quarter("6"), height: 2n };
    expect(refusalOf(() => processing.add(sixth))?.code).toBe("too many processing");
    processing.delete(second);
    processing.add(sixth);
  });

  test("and is free again when one is decided, once", () => {
    const processing = processingOf(...quarters);
    const [first] = quarters as [Block];
    processing.delete(first);
    processing.delete(first);
    processing.add(quarter("5"));
    expect(refusalOf(() => processing.add(quarter("6")))?.code).toBe("too many processing");
  });
});
