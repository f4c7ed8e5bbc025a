import { type NodeId, noNode } from "../avalanche/node-id.ts";
import type { BlockSummary } from "./block.ts";

// A block's timestamp is a claim: its proposer wrote it, and validators check only that it is not before the parent's,
// and less than an hour ahead (verify.ts). What a node knows by itself is when it first saw the block.

/**
 * When a node first saw a block, by its own clock. It is stored with the block, and never changed. It may come from
 * another node, in a copied file or an import: see `isOwn`.
 */
export interface FirstSight {
  /** Unix milliseconds; below 0 if the clock was wrong. */
  readonly ms: bigint;
  /** The node that saw the block; `noNode` for a chain without a node. */
  readonly node: NodeId;
  /** Whether it came from an export, which anybody can write. */
  readonly isImported: boolean;
}

/** Whether `node`, undefined for a chain without a node, saw the block itself. Another's word decides nothing. */
export function isOwn(sight: FirstSight, node: NodeId | undefined): boolean {
  return !sight.isImported && sight.node === (node ?? noNode);
}

/** Unix seconds, rounded up: the block was there by then. */
export function secondsOf({ ms }: FirstSight): bigint {
  return ms > 0n ? (ms + 999n) / 1_000n : ms / 1_000n;
}

/**
 * What a node knows of a block's timestamp. "confirmed": the node saw the block near that time. "unconfirmed": it saw
 * the block later, or does not know when, for example because it was cut off; the timestamp may be right. "false": it
 * saw the block before, so this is not the time at which the block was made. (That accuses nobody: a block takes over
 * the time of a parent that is ahead.)
 */
export type TimeClaim = "confirmed" | "unconfirmed" | "false";

/** Seconds between a timestamp and a first sight that confirms it: clocks differ, and blocks travel. */
export const claimToleranceSeconds = 60n;

/** Judges a timestamp in Unix seconds by the node's own first sight, in Unix milliseconds. */
export function judgeTime(timestamp: bigint, ownSightMs: bigint | undefined): TimeClaim {
  if (ownSightMs === undefined) return "unconfirmed";
  if (ownSightMs < (timestamp - claimToleranceSeconds) * 1_000n) return "false";
  return ownSightMs > (timestamp + claimToleranceSeconds) * 1_000n ? "unconfirmed" : "confirmed";
}

/**
 * The claims that can come of a node's own first sight in Unix seconds, of which `secondsOf` has rounded up the
 * milliseconds; undefined if the node did not see the block.
 */
export function possibleClaims(timestamp: bigint, ownSight: bigint | undefined): readonly TimeClaim[] {
  if (ownSight === undefined) return [judgeTime(timestamp, undefined)];
  const latestMs = ownSight * 1_000n;
  return [judgeTime(timestamp, latestMs - 999n), judgeTime(timestamp, latestMs)];
}

/**
 * Whether a node cannot say by itself that a block was there by its time. Older nodes make no claim, and so cannot; but
 * the time of genesis is nobody's claim.
 */
export function isUnconfirmed(claim: TimeClaim | undefined, height: bigint): boolean {
  return height > 0n && (claim ?? "unconfirmed") === "unconfirmed";
}

/** Of blocks that carry the same data, the lowest first, the one that proves most: the first that is confirmed. */
export function mostProven<T extends { readonly claim?: TimeClaim | undefined; readonly height: bigint }>(
  blocks: readonly T[],
): T | undefined {
  return blocks.find(({ claim, height }) => !isUnconfirmed(claim, height)) ?? blocks[0];
}

/** What a node says of a block's timestamp, beside the block itself. */
export interface KnownTime {
  readonly claim?: TimeClaim;
  /** In Unix seconds, rounded up. `own`: this node saw the block itself; if not, `node` says so. */
  readonly firstSight?: { readonly time: bigint; readonly node: NodeId; readonly own: boolean };
}

/**
 * Judges a block's timestamp by its first sight. `node` is this node, undefined for a chain without a node. A sight
 * before 1970 is that of a wrong clock, and none.
 */
export function knownTime(
  { height, timestamp }: Pick<BlockSummary, "height" | "timestamp">,
  sight: FirstSight | undefined,
  node: NodeId | undefined,
): KnownTime {
  if (height === 0n) return {}; // nobody proposed genesis
  if (sight === undefined || sight.ms < 0n) return { claim: judgeTime(timestamp, undefined) };
  const own = isOwn(sight, node);
  return {
    claim: judgeTime(timestamp, own ? sight.ms : undefined),
    firstSight: { time: secondsOf(sight), node: sight.node, own },
  };
}
