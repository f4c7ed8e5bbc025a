import { describe, expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxProcessingBytes, ProcessingBlocks, processingBlockBytes } from "../../src/vm/processing.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const a = childOf(genesis, "a");

function processingOf(...blocks: readonly Block[]): ProcessingBlocks {
  const processing = new ProcessingBlocks();
  for (const block of blocks) processing.add(block);
  return processing;
}

test("blocks that have lost are given some at a time, until they are deleted", () => {
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
