import { setDefaultTimeout } from "bun:test";

/** How often a property is tried. `LONG_TESTS=1` takes the second number, and all the time it needs. */
export function runs(short: number, long: number): number {
  if (!process.env.LONG_TESTS) return short;
  setDefaultTimeout(3_600_000);
  return long;
}
