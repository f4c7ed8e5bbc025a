import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nodeIdFromBytes, noNode } from "../../src/avalanche/node-id.ts";
import { isOwn, judgeTime, secondsOf } from "../../src/core/time-claim.ts";

const node = nodeIdFromBytes(new Uint8Array(20).fill(1));
const sight = { ms: 1_000n, node, isImported: false };

describe("a claimed time", () => {
  test.each([
    ["unconfirmed", "never seen", undefined],
    ["false", "seen over a minute before", 39_999n],
    ["confirmed", "seen a minute before", 40_000n],
    ["confirmed", "seen at that time", 100_000n],
    ["confirmed", "seen a minute after", 160_000n],
    ["unconfirmed", "seen over a minute after", 160_001n],
  ] as const)("is %s: %s", (claim, _when, ms) => {
    expect(judgeTime(100n, ms)).toBe(claim);
  });

  test("is never judged wrongly, however large it is", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (timestamp, ms) => {
        const seconds = Number(ms) / 1_000 - Number(timestamp);
        if (Math.abs(Math.abs(seconds) - 60) < 4_096) return; // a double is not exact enough to say
        expect(judgeTime(timestamp, ms)).toBe(seconds < -60 ? "false" : "unconfirmed");
      }),
    );
  });
});

test("only what this node saw itself is its own", () => {
  expect(isOwn(sight, node)).toBe(true);
  expect(isOwn({ ...sight, isImported: true }, node)).toBe(false);
  expect(isOwn(sight, nodeIdFromBytes(new Uint8Array(20).fill(2)))).toBe(false);
  expect(isOwn(sight, undefined)).toBe(false);
  expect(isOwn({ ...sight, node: noNode }, undefined)).toBe(true);
});

test.each([
  [0n, 0n],
  [1n, 1n],
  [1_000n, 1n],
  [1_001n, 2n],
  [-1n, 0n],
  [-1_000n, -1n],
])("%i ms are %i s: by then the block was there", (ms, seconds) => {
  expect(secondsOf({ ...sight, ms })).toBe(seconds);
});
