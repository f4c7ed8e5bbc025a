import { describe, expect, test } from "bun:test";
import { memoryDirectory } from "../support/temporary.ts";
import { NewFiles } from "./chain-data.ts";
import type { Plan } from "./plan.ts";
import { Random } from "./random.ts";
import { simulatePlan } from "./simulate.ts";

/**
 * Liars and an honest node that never builds itself: all it can do is gossip. There is room for an item of each of 200
 * liars who have seven tenths of the stake together.
 */
function floodOf(liars: number, stakes: readonly bigint[]): Plan {
  return {
    ...{ nodes: 4, builders: 3, liars, stakes, proposals: 0, busyMs: 3_000, slotMs: 300, maxLatencyMs: 5 },
    ...{ lossRate: 0, duplicateRate: 0, dieRate: 0, wasteRate: 0, hurryRate: 0.9, faults: [], maxPauseMs: 1_000 },
    config: { maxMempoolItems: 800, minBlockIntervalMs: 0, durability: "normal" },
  };
}

/** For how many blocks the honest proposals waited, with the longest last. */
async function waitsOf(plan: Plan): Promise<number[]> {
  using directory = memoryDirectory();
  const { violations, waits } = await simulatePlan(plan, new Random(1), new NewFiles(directory.path));
  expect(violations).toEqual([]);
  return [...waits].sort((a, b) => a - b);
}

/** The honest node has a tenth, the builders two, and the liars as much as they want to share of the other seven. */
const stakesWith = (liars: number, ofEach: bigint) => [
  ...[700n, 700n, 600n, 1_000n],
  ...Array.from({ length: liars }, () => ofEach),
];

describe("an honest node's proposals wait no longer than its stake says", () => {
  // A tenth of the stake: one of 16/(3/10) blocks. Three more are under way when it comes.
  const most = 54 + 3;

  test.each([1, 200])("beside %d liars without a stake", async (liars) => {
    const waits = await waitsOf(floodOf(liars, [3_000n, 3_000n, 3_000n, 1_000n]));
    expect(waits.length).toBeGreaterThan(10);
    expect(waits.at(-1)).toBeLessThanOrEqual(most);
  });

  test.each([1, 10, 200])("beside %d liars who have most of the stake together", async (liars) => {
    const waits = await waitsOf(floodOf(liars, stakesWith(liars, BigInt(7_000 / liars))));
    expect(waits.length).toBeGreaterThan(10);
    expect(waits.at(-1)).toBeLessThanOrEqual(most);
  });
});

test("where no stakes are known, a hundred names are enough to shut it out", async () => {
  expect((await waitsOf(floodOf(1, []))).length).toBeGreaterThan(0);
  expect(await waitsOf(floodOf(100, []))).toEqual([]);
});
