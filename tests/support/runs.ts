import { setDefaultTimeout } from "bun:test";

/** How often a property is tried. `LONG_TESTS=1` takes the second number, and all the time it needs. */
export function runs(short: number, long: number): number {
  const isLong = Boolean(process.env.LONG_TESTS);
  setDefaultTimeout(isLong ? 3_600_000 : 60_000); // the machine may be busy
  return isLong ? long : short;
}
