import { formatIsoTime } from "./format.ts";
import { escapeLine } from "./printable.ts";

// What a server knows of the time of a block, in words. A block's own time is what its proposer has written.

/** What an answer of the API says of a block's time. */
export interface AnsweredTime {
  /** Unix seconds, as all times here. */
  readonly timestamp: bigint;
  /** Whether the server confirms it; undefined for one that does not say, which is no confirmation. */
  readonly claim?: "confirmed" | "unconfirmed" | "false" | undefined;
  readonly firstSight?: { readonly time: bigint; readonly node: string; readonly own: boolean } | undefined;
  /** The server has other bytes than the block's id is of. */
  readonly reencoded?: true | undefined;
}

/** "existed by …" with the best upper bound that is known of data that these blocks carry, the lowest first. */
export function describeExistence(blocks: readonly AnsweredTime[]): string | undefined {
  const seen = earliestSight(blocks);
  if (seen !== undefined) return `existed by ${formatIsoTime(seen)} (seen by this node)`;
  return blocks[0] && `claimed ${formatIsoTime(blocks[0].timestamp)}, not confirmed here`;
}

/** The earliest time at which the server saw one of the blocks. */
function earliestSight(blocks: readonly AnsweredTime[]): bigint | undefined {
  const times = blocks.flatMap(({ firstSight, reencoded }) => (firstSight?.own && !reencoded ? [firstSight.time] : []));
  return times.reduce<bigint | undefined>(
    (least, time) => (least === undefined || time < least ? time : least),
    undefined,
  );
}

/** What a block's own time is worth. */
export function describeClaim(block: AnsweredTime): string {
  const doubts = describeDoubts(block);
  return `as claimed: ${doubts.length === 0 ? "confirmed by this node" : doubts.join("; ")}`;
}

/** What the server says against a block's own time: nothing if it confirms it. */
export function describeDoubts({ claim = "unconfirmed", firstSight, reencoded }: AnsweredTime): readonly string[] {
  return [
    ...(claim === "confirmed" ? [] : [doubtByClaim[claim]]),
    ...(firstSight && !firstSight.own ? [describeSight(firstSight)] : []),
    ...(reencoded ? ["encoded again by timestampvm-rs: never a proof"] : []),
  ];
}

/** Nobody is accused: a block takes over the time of a parent that is ahead, and a node may have been cut off. */
const doubtByClaim = { unconfirmed: "not confirmed by this node", false: "not the time it was made" } as const;

/** When a block was first seen, and whose word that is. */
export function describeSight({ time, node, own }: NonNullable<AnsweredTime["firstSight"]>): string {
  const seen = `seen ${formatIsoTime(time)}`;
  return own ? `${seen} by this node` : `${escapeLine(node)} says: ${seen}`;
}
