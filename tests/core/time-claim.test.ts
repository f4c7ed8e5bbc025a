import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nodeIdFromBytes, noNode } from "../../src/avalanche/node-id.ts";
import { isOwn, isUnconfirmed, judgeTime, possibleClaims, secondsOf } from "../../src/core/time-claim.ts";

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

test.each([
  [undefined, ["unconfirmed"]],
  [39n, ["false"]],
  [40n, ["false", "confirmed"]], // from 39.001 to 40 s
  [41n, ["confirmed"]],
  [160n, ["confirmed"]],
  [161n, ["unconfirmed"]],
] as const)("of a time of 100 s, a sight of %p s can only come to %p", (sight, claims) => {
  expect([...new Set(possibleClaims(100n, sight))]).toEqual([...claims]);
});

test("whatever a node claims is possible by the seconds that it gives", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 6n), fc.bigInt(0n, 10n ** 9n), (timestamp, ms) => {
      expect(possibleClaims(timestamp, secondsOf({ ...sight, ms }))).toContain(judgeTime(timestamp, ms));
    }),
  );
});

test("no claim is no confirmation, but of genesis, which nobody proposed", () => {
  expect([isUnconfirmed(undefined, 0n), isUnconfirmed("unconfirmed", 0n)]).toEqual([false, false]);
  expect([isUnconfirmed(undefined, 1n), isUnconfirmed("unconfirmed", 1n)]).toEqual([true, true]);
  expect([isUnconfirmed("confirmed", 1n), isUnconfirmed("false", 1n)]).toEqual([false, false]);
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
