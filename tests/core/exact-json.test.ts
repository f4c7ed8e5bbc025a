import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatExactJson } from "../../src/core/exact-json.ts";

describe("exact JSON", () => {
  test.each([
    [0n, "0"],
    [2n ** 53n + 1n, "9007199254740993"],
    [2n ** 64n - 1n, "18446744073709551615"],
    [-1n, "-1"],
  ])("writes %p with all its digits", (value, text) => {
    expect(formatExactJson(value)).toBe(text);
    expect(formatExactJson({ height: value, of: [value] })).toBe(`{"height":${text},"of":[${text}]}`);
  });

  test("leaves out what is undefined and keeps the order", () => {
    expect(formatExactJson({ b: 1n, a: undefined, c: "é\n" })).toBe('{"b":1,"c":"é\\n"}');
  });

  test("is JSON.stringify for everything without big integers", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(formatExactJson(value)).toBe(JSON.stringify(value))));
  });
});
