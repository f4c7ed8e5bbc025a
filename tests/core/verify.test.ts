import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { createBlock } from "../../src/core/block.ts";
import { rsFutureSeconds, verifyChild } from "../../src/core/verify.ts";
import { refusalOf } from "../support/refusal.ts";

const now = 1_700_000_000n;
const maxU64 = 2n ** 64n - 1n;

function blockOf(height: bigint, timestamp: bigint, size = 0) {
  return createBlock({ parentId: zeroId, height, timestamp, data: new Uint8Array(size) });
}

/** The refusal of a block at `height`, `timestamp` behind a parent at 7, now. */
function verdict(height: bigint, timestamp: bigint, parentTimestamp = now) {
  return refusalOf(() => verifyChild(blockOf(height, timestamp), blockOf(7n, parentTimestamp), now));
}

describe("height", () => {
  test("must be the next one", () => {
    expect(verdict(8n, now)).toBeUndefined();
    for (const height of [0n, 6n, 7n, 9n, maxU64]) {
      expect(verdict(height, now)).toEqual({ code: "wrong height", height, parentHeight: 7n });
    }
  });

  test("does not wrap around", () => {
    const parent = blockOf(maxU64, now);
    expect(refusalOf(() => verifyChild(blockOf(0n, now), parent, now))?.code).toBe("wrong height");
    expect(refusalOf(() => verifyChild(blockOf(maxU64, now), blockOf(maxU64 - 1n, now), now))).toBeUndefined();
  });
});

describe("timestamp", () => {
  test("may equal the parent's, but not be before it", () => {
    expect(verdict(8n, now)).toBeUndefined();
    expect(verdict(8n, now - 1n)).toEqual({
      code: "timestamp before parent",
      timestamp: now - 1n,
      parentTimestamp: now,
    });
    expect(verdict(8n, 0n, 0n)).toBeUndefined();
  });

  test("may be 3599 seconds ahead of the clock, not 3600", () => {
    expect(rsFutureSeconds).toBe(3600n);
    expect(verdict(8n, now + 3599n)).toBeUndefined();
    expect(verdict(8n, now + 3600n)).toEqual({ code: "future timestamp", timestamp: now + 3600n, now });
    expect(verdict(8n, maxU64)?.code).toBe("future timestamp");
  });

  test("may be any time in the past", () => {
    expect(refusalOf(() => verifyChild(blockOf(1n, 0n), blockOf(0n, 0n), maxU64))).toBeUndefined();
  });

  test("of a parent ahead of the clock does not stop its child", () => {
    expect(verdict(8n, now + 3599n, now + 3599n)).toBeUndefined();
    expect(verdict(8n, now, now + 1n)?.code).toBe("timestamp before parent");
  });
});

test("the height is checked first, then the parent's time, then the clock", () => {
  expect(verdict(9n, 0n)?.code).toBe("wrong height");
  expect(verdict(8n, now + 3600n, now + 3601n)?.code).toBe("timestamp before parent");
});

test("a block may have any size", () => {
  expect(refusalOf(() => verifyChild(blockOf(8n, now, 3_000_000), blockOf(7n, now), now))).toBeUndefined();
});
