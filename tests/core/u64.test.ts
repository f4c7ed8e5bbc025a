import { describe, expect, test } from "bun:test";
import { maxU64, parseU64 } from "../../src/core/u64.ts";

describe("a u64 in digits", () => {
  test.each([
    ["0", 0n],
    ["00", 0n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["18446744073709551615", 18_446_744_073_709_551_615n],
  ])("%s is read", (text, value) => {
    expect(parseU64(text)).toBe(value);
  });

  test.each([
    "",
    " ",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x1",
    " 1",
    "1\n",
    "1n",
    "１",
    "18446744073709551616",
    "99999999999999999999",
    "000000000000000000001",
  ])("%p is none", (text) => {
    expect(parseU64(text)).toBeUndefined();
  });
});

test("a megabyte of digits is not a u64", () => {
  expect(parseU64("9".repeat(1_000_000))).toBeUndefined();
});

test("the greatest u64 has 64 bits", () => {
  expect(maxU64.toString(2)).toBe("1".repeat(64));
});
