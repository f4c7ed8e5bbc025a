import { possibleClaims } from "../core/time-claim.ts";
import { rsFutureSeconds } from "../core/verify.ts";
import { expectTrue } from "./answer-error.ts";
import type { StampedBlock } from "./contract.ts";

/**
 * Throws an `AnswerError` unless what a server says of a block's time can be true. A node that has seen the block
 * itself verified it then, so the block was not too far ahead; and its claim follows from when that was. An older
 * server makes no claim.
 */
export function expectKnownTime({ id, height, timestamp, claim, firstSight }: StampedBlock): void {
  expectTrue(height > 0n || (claim ?? firstSight) === undefined, "nobody proposed genesis");
  expectTrue(firstSight === undefined || isSight(firstSight), `block ${id} was seen at no time`);
  const own = firstSight?.own ? firstSight.time : undefined;
  expectTrue(
    own === undefined || timestamp < own + rsFutureSeconds,
    `block ${id} was seen at ${own}, when it was too far ahead`,
  );
  expectTrue(
    claim === undefined || possibleClaims(timestamp, own).includes(claim),
    `the time of block ${id} is not ${claim} by when it was seen`,
  );
}

/** A server may send anything. */
function isSight({ time, node }: NonNullable<StampedBlock["firstSight"]>): boolean {
  return typeof time === "bigint" && time >= 0n && typeof node === "string";
}
