import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { maxStakes, Stakes } from "../../src/vm/stakes.ts";
import { runs } from "../support/runs.ts";

const numRuns = runs(100, 5_000);

function nodeOf(n: number): NodeId {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(0, n);
  return nodeIdFromBytes(bytes);
}

function stakesOf(...weights: readonly bigint[]): Stakes {
  return new Stakes(new Map(weights.map((weight, n) => [nodeOf(n), weight])));
}

/** How many of the turns from `first` on each node has. */
function countTurns(stakes: Stakes, turns: number, first = 0n): Map<NodeId | undefined, number> {
  const counts = new Map<NodeId | undefined, number>();
  for (let i = 0; i < turns; i++) {
    const owner = stakes.validatorOf(first + BigInt(i));
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

const maxWeight = 2n ** 64n - 1n;
const weight = fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(0n, maxWeight), fc.constantFrom(maxWeight, maxWeight - 1n));
const turn = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 2n ** 63n), fc.constant(2n ** 63n - 1n));

describe("turns", () => {
  test("belong to nobody if nobody validates, or no validator has weight", () => {
    for (const stakes of [Stakes.none, stakesOf(), stakesOf(0n, 0n)]) {
      expect(countTurns(stakes, 16)).toEqual(new Map([[undefined, 16]]));
      expect([stakes.common, stakes.reservedFor(nodeOf(0)), stakes.has(nodeOf(0))]).toEqual([1, 0, false]);
    }
  });

  test("of a single validator are three of any four in a row", () => {
    for (const first of [0n, 1n, 7n, 2n ** 63n - 9n]) {
      const counts = countTurns(stakesOf(1n), 4, first);
      expect(counts).toEqual(
        new Map([
          [nodeOf(0), 3],
          [undefined, 1],
        ]),
      );
    }
  });

  test("are in proportion to the weights", () => {
    const counts = countTurns(stakesOf(1n, 2n, 5n), 32_000, 12_345n);
    expect(counts.get(undefined)).toBe(8_000);
    for (const [n, wanted] of [3_000, 6_000, 15_000].entries()) {
      expect(Math.abs((counts.get(nodeOf(n)) ?? 0) - wanted)).toBeLessThan(20);
    }
  });

  test("do not depend on the order in which the validators were named", () => {
    const weights = [3n, 1n, 4n, 1n, 5n].map((weight, n) => [nodeOf(n), weight] as const);
    const [one, other] = [new Stakes(new Map(weights)), new Stakes(new Map(weights.toReversed()))];
    for (let turn = 0n; turn < 100n; turn++) expect(one.validatorOf(turn)).toBe(other.validatorOf(turn));
  });

  test("of a validator come within a time that its stake alone decides, whatever the others have", () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 40 }), turn, fc.nat(39), (weights, first, pick) => {
        const stakes = stakesOf(...weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0n);
        const mine = weights[pick % weights.length] ?? 0n;
        if (mine === 0n || mine * 1_000n < total) return; // it takes too long to count
        // 16/(3s) turns, rounded up.
        const turns = Number((16n * total + 3n * mine - 1n) / (3n * mine));
        expect(countTurns(stakes, turns, first).get(nodeOf(pick % weights.length)) ?? 0).toBeGreaterThanOrEqual(1);
      }),
      { numRuns },
    );
  });

  test("of many small validators take nothing from a large one", () => {
    const waits = [1, 10, 5_000].map((liars) => {
      const stakes = stakesOf(100_000n, ...Array.from({ length: liars }, () => BigInt(900_000 / liars)));
      let [longest, since] = [0, 0];
      for (let turn = 0n; turn < 2_000n; turn++) {
        since = stakes.validatorOf(turn) === nodeOf(0) ? 0 : since + 1;
        longest = Math.max(longest, since);
      }
      return longest;
    });
    for (const wait of waits) expect(wait).toBeLessThan(16 / (3 * 0.1));
  });
});

test("three quarters are reserved, by weight, and the rest is for all", () => {
  const stakes = stakesOf(1n, 0n, 3n);
  expect([0, 1, 2, 3].map((n) => stakes.reservedFor(nodeOf(n)))).toEqual([3 / 16, 0, 9 / 16, 0]);
  expect([0, 1, 2, 3].map((n) => stakes.has(nodeOf(n)))).toEqual([true, false, true, false]);
  expect(stakes.common).toBe(1 / 4);
});

test("of weights of any size no more than three quarters are reserved", () => {
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 40 }), (weights) => {
      const stakes = stakesOf(...weights);
      const reserved = weights.map((_, n) => stakes.reservedFor(nodeOf(n)));
      const sum = reserved.reduce((sum, next) => sum + next, 0);
      expect(Math.abs(sum - (1 - stakes.common))).toBeLessThan(1e-9);
    }),
    { numRuns },
  );
});

test("of too many validators the heaviest are kept", () => {
  const stakes = stakesOf(...Array.from({ length: maxStakes + 2 }, (_, n) => BigInt(n + 1)));
  expect([0, 1, 2, maxStakes + 1].map((n) => stakes.has(nodeOf(n)))).toEqual([false, false, true, true]);
});
