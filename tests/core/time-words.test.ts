import { describe, expect, test } from "bun:test";
import { describeDoubts, describeExistence, describeSight } from "../../src/core/time-words.ts";

const node = "NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg";
const seen = (time: bigint, own = true) => ({ time, node, own });

describe("the best that is known of when data existed", () => {
  test.each([
    ["nothing of no block", [], undefined],
    [
      "the claim of the lowest block",
      [
        { height: 1n, timestamp: 5n },
        { height: 1n, timestamp: 7n },
      ],
      "claimed 1970-01-01T00:00:05Z, not confirmed here",
    ],
    [
      "the server's own first sight, whatever the block claims",
      [{ height: 1n, timestamp: 1n, claim: "unconfirmed", firstSight: seen(100n) }],
      "existed by 1970-01-01T00:01:40Z (seen by this node)",
    ],
    [
      "the earliest of them, which need not be that of the lowest block",
      [
        { height: 1n, timestamp: 1n, firstSight: seen(90n) },
        { height: 1n, timestamp: 2n, firstSight: seen(80n) },
        { height: 1n, timestamp: 3n, firstSight: seen(85n) },
      ],
      "existed by 1970-01-01T00:01:20Z (seen by this node)",
    ],
    [
      "no other node's word",
      [{ height: 1n, timestamp: 50n, firstSight: seen(10n, false) }],
      "claimed 1970-01-01T00:00:50Z, not confirmed here",
    ],
    [
      "nothing of a block that was encoded again",
      [{ height: 1n, timestamp: 50n, claim: "confirmed", firstSight: seen(50n), reencoded: true }],
      "claimed 1970-01-01T00:00:50Z, not confirmed here",
    ],
  ] as const)("is %s", (_name, blocks, words) => {
    expect(describeExistence(blocks)).toBe(words);
  });
});

describe("what speaks against a block's own time", () => {
  test.each([
    ["nothing where the server confirms it", { claim: "confirmed", firstSight: seen(0n) }, []],
    ["that the server does not say", {}, ["not confirmed by this node"]],
    ["that nobody made the first block", { height: 0n }, ["written in the genesis"]],
    [
      "that the server does not confirm it",
      { claim: "unconfirmed", firstSight: seen(9n) },
      ["not confirmed by this node"],
    ],
    ["that the server saw it before", { claim: "false", firstSight: seen(0n) }, ["not the time it was made"]],
    [
      "what another node says is its word",
      { claim: "unconfirmed", firstSight: seen(9n, false) },
      ["not confirmed by this node", `${node} says: seen 1970-01-01T00:00:09Z`],
    ],
    [
      "that the bytes are others",
      { claim: "confirmed", reencoded: true },
      ["encoded again by timestampvm-rs: never a proof"],
    ],
  ] as const)("%s", (_name, known, words) => {
    expect(describeDoubts({ height: 1n, timestamp: 5n, ...known })).toEqual([...words]);
  });
});

test("the name of another node is other people's text", () => {
  expect(describeSight({ time: 0n, node: "\u001b[2J", own: false })).toBe("\\u001b[2J says: seen 1970-01-01T00:00:00Z");
  expect(describeSight(seen(0n))).toBe("seen 1970-01-01T00:00:00Z by this node");
});
