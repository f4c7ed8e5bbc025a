import { formatIsoTime } from "../../core/format.ts";
import { claimToleranceSeconds } from "../../core/time-claim.ts";

/** This machine's clock around a request, in Unix milliseconds. */
export interface ClockReading {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Words about the time of a block that was made for a request, if this machine's clock contradicts it by more than a
 * minute: who asks is a witness, too.
 */
export function describeClock(timestamp: bigint, { fromMs, toMs }: ClockReading): string | undefined {
  const from = BigInt(Math.floor(fromMs / 1_000));
  const to = BigInt(Math.ceil(toMs / 1_000));
  const time = `the block says ${formatIsoTime(timestamp)}`;
  const cause = "A clock is wrong, or this is not the time at which the block was made.";
  if (timestamp < from - claimToleranceSeconds) {
    return `${time}, but by this machine's clock it was asked for at ${formatIsoTime(from)}. ${cause}`;
  }
  if (timestamp > to + claimToleranceSeconds) {
    return `${time}, but by this machine's clock it was there at ${formatIsoTime(to)}. ${cause}`;
  }
  return undefined;
}
