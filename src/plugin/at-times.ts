import type { Clock } from "../vm/clock.ts";

/** Milliseconds between two progress reports. */
const progressMs = 5_000;

/** Gives a function that calls `report` at most once per `progressMs`, and not before the first of these. */
export function atTimes<Args extends readonly unknown[]>(
  clock: Clock,
  report: (...args: Args) => void,
): (...args: Args) => void {
  let nextMs = clock.elapsedMs() + progressMs;
  return (...args) => {
    if (clock.elapsedMs() < nextMs) return;
    report(...args);
    nextMs = clock.elapsedMs() + progressMs;
  };
}
