import { formatIsoTime } from "./format.ts";
import { escapeLine } from "./printable.ts";
import type { TimeClaim } from "./time-claim.ts";

// What a server knows of the time of a block, in words. A block's own time is what its proposer has written.

/** What an answer of the API says of a block's time. An older server says nothing, which is no confirmation. */
export interface BlockTime {
  readonly height: bigint;
  /** Unix seconds, as all times here. */
  readonly timestamp: bigint;
  readonly claim?: TimeClaim | undefined;
  readonly firstSight?: { readonly time: bigint; readonly node: string; readonly own: boolean } | undefined;
  /** The server has other bytes than the block's id is of: it is no proof. */
  readonly reencoded?: true | undefined;
}

/** The best that a node knows of the time by which some data existed, in Unix seconds. */
export interface Headline {
  readonly seconds: bigint;
  /** Whether the node saw a block with the data by then. If not, the time is what the first block claims. */
  readonly isSeen: boolean;
}

/** Takes blocks that carry the same data, the lowest first. Only what the node saw itself is an upper bound. */
export function headlineOf(first: BlockTime, others: readonly BlockTime[] = []): Headline {
  const seen = [first, ...others].flatMap(({ firstSight, reencoded }) =>
    firstSight?.own && !reencoded ? [firstSight.time] : [],
  );
  const [lowest] = seen.toSorted((a, b) => Number(a - b));
  return lowest === undefined ? { seconds: first.timestamp, isSeen: false } : { seconds: lowest, isSeen: true };
}

/** The headline as a line; undefined without a block. */
export function describeExistence([first, ...others]: readonly BlockTime[]): string | undefined {
  if (first === undefined) return undefined;
  const { seconds, isSeen } = headlineOf(first, others);
  const time = formatIsoTime(seconds);
  return isSeen ? `existed by ${time} (seen by this node)` : `claimed ${time}, not confirmed here`;
}

/** What a block's own time is worth. */
export function describeClaim(block: BlockTime): string {
  const doubts = describeDoubts(block);
  return `as claimed: ${doubts.length === 0 ? "confirmed by this node" : doubts.join("; ")}`;
}

/** What the server says against a block's own time: nothing if it confirms it. */
export function describeDoubts({ height, claim = "unconfirmed", firstSight, reencoded }: BlockTime): readonly string[] {
  return [
    ...(height === 0n ? ["written in the genesis"] : doubtsByClaim[claim]),
    ...(firstSight && !firstSight.own ? [describeSight(firstSight)] : []),
    ...(reencoded ? ["encoded again by timestampvm-rs: never a proof"] : []),
  ];
}

/** Of a block that a node saw before the time that it claims. It accuses nobody: a parent may have been ahead. */
export const notTheTime = "not the time it was made";
/** Nor does this: the node may have been cut off. */
export const notConfirmed = "not confirmed by this node";

const doubtsByClaim = { confirmed: [], unconfirmed: [notConfirmed], false: [notTheTime] } as const;

/** When a block was first seen, and whose word that is. */
export function describeSight({ time, node, own }: NonNullable<BlockTime["firstSight"]>): string {
  const seen = `seen ${formatIsoTime(time)}`;
  return own ? `${seen} by this node` : `${escapeLine(node)} says: ${seen}`;
}
