import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseTime, timePattern, timeProblem } from "../../src/core/time-text.ts";

describe("a time", () => {
  test.each<readonly [string, bigint]>([
    ["0", 0n],
    ["1795297311", 1_795_297_311n],
    ["18446744073709551615", 2n ** 64n - 1n],
    ["1970-01-01", 0n],
    ["2026-11-21", 1_795_219_200n],
    ["2024-02-29", 1_709_164_800n],
    ["2026-11-21T21:41:51Z", 1_795_297_311n],
    ["2026-11-21T21:41:51", 1_795_297_311n],
    ["2026-11-21 21:41:51", 1_795_297_311n],
    ["2026-11-21t21:41:51z", 1_795_297_311n],
    ["2026-11-21T21:41:51.999Z", 1_795_297_311n],
    ["2026-11-21T21:41Z", 1_795_297_260n],
    ["2026-11-21T22:41:51+01:00", 1_795_297_311n],
    ["2026-11-21T16:11:51-05:30", 1_795_297_311n],
    ["2026-11-21T22:41:51+0100", 1_795_297_311n], // strftime's %z
    ["2026-11-21T22:41:51+01", 1_795_297_311n], // date -Ihours
    ["20261121T214151Z", 1_795_297_311n],
    ["20261121T2241+0100", 1_795_297_260n],
    ["2026-11-21 22:41:51 +0100", 1_795_297_311n], // git's %ai
    ["2026-11-21 22:41:51.123456789 +0100", 1_795_297_311n], // stat
    ["2026-11-21T21:41:51,999Z", 1_795_297_311n],
    ["2026-11-21 21:41:51 UTC", 1_795_297_311n],
    [" 2026-11-21T21:41:51Z\n", 1_795_297_311n],
    ["1795297311.999", 1_795_297_311n], // date +%s.%N
    ["@1795297311", 1_795_297_311n], // what date -d takes
    ["@20261121", 20_261_121n],
    ["@20261121.0", 20_261_121n],
    ["@202611212141", 202_611_212_141n],
    ["@20261121214151", 20_261_121_214_151n],
    ["2026112121", 2_026_112_121n], // a second of 2034, and no form of a time
    ["20261121250000", 20_261_121_250_000n], // no hour
    ["253402300799", 253_402_300_799n], // the last second of the year 9999
    ["20261399", 20_261_399n], // no day
  ])("%s is %p", (text, seconds) => {
    expect(parseTime(text)).toBe(seconds);
  });

  test.each([
    ["", "neither ISO 8601 nor Unix seconds"],
    ["now", "neither"],
    ["-1", "neither"],
    ["1.5.", "neither"],
    ["18446744073709551616", "neither"],
    ["2026-11-21Z", "neither"],
    ["21.11.2026", "neither"],
    ["2026-11-21T21:41:51Z and more", "neither"],
    ["2026-11-21T21:41.5Z", "neither"], // a fraction of a minute
    ["2026-13-01", "no such time since 1970"],
    ["2026-02-30", "no such time"],
    ["2025-02-29", "no such time"],
    ["20250229T000000Z", "no such time"],
    ["2026-11-21T25:00:00Z", "no such time"],
    ["2026-11-21T21:60:00Z", "no such time"],
    ["2026-11-21T21:00:00+2500", "no such time"],
    ["1969-12-31T23:59:59Z", "no such time"],
    ["1969-12-31T23:59:59.9Z", "no such time"],
    ["1970-01-01T00:00:00+01:00", "no such time"],
    ["20261121", "it can be read in two ways: write 2026-11-21 or @20261121"],
    ["20261121.5", "it can be read in two ways: write 2026-11-21 or @20261121.5"],
    ["202611212141", "it can be read in two ways: write 2026-11-21T21:41:00 or @202611212141"],
    ["20261121214151", "it can be read in two ways: write 2026-11-21T21:41:51 or @20261121214151"],
    [" 20261121214151.5\n", "it can be read in two ways: write 2026-11-21T21:41:51 or @20261121214151.5"],
    ["20261121214151999", "it can be read in two ways: write 2026-11-21T21:41:51 or @20261121214151999"],
    ["253402301000", "in milliseconds: give seconds, 253402301"],
    ["1795297311999", "in milliseconds: give seconds, 1795297311"],
    ["@1795297311999", "in milliseconds: give seconds, 1795297311"],
    ["4102444799999", "in milliseconds"],
    ["1795297311999999", "in microseconds: give seconds, 1795297311"],
    ["1795297311999999999", "in nanoseconds: give seconds, 1795297311"],
  ])("%j is none: %s", (text, problem) => {
    expect(parseTime(text)).toBeUndefined();
    expect(timeProblem(text)).toContain(problem);
  });
});

test("what has the form of a time is one, or there is a reason why it is none", () => {
  const reasons = /^(there is no such time|it can be read in two ways|in (milli|micro|nano)seconds)/;
  fc.assert(
    fc.property(fc.stringMatching(timePattern), (text) => {
      const isTooLarge = /^\s*@?\d{20}/.test(text); // it may be above the greatest u64
      return parseTime(text) !== undefined || isTooLarge || reasons.test(timeProblem(text));
    }),
  );
});
