import type { ResultOf } from "../client/contract.ts";

/** A block's timestamp, which its proposer claims, and what this node says of it. An older server says nothing. */
export type BlockTime = Pick<ResultOf<"find">["blocks"][number], "height" | "timestamp" | "claim" | "firstSight">;

/** The best that this node knows of the time by which some data existed, in Unix seconds. */
export interface Headline {
  readonly seconds: bigint;
  /** Whether this node saw a block with the data by then. If not, the time is what the first block claims. */
  readonly isSeen: boolean;
}

/** Takes blocks that carry the same data, the lowest first. Only what this node saw itself is an upper bound. */
export function headlineOf(first: BlockTime, others: readonly BlockTime[] = []): Headline {
  const seen = [first, ...others].flatMap(({ firstSight }) => (firstSight?.own ? [firstSight.time] : []));
  const [lowest] = seen.toSorted((a, b) => Number(a - b));
  return lowest === undefined ? { seconds: first.timestamp, isSeen: false } : { seconds: lowest, isSeen: true };
}

/** What stands before and after the time of a headline. */
export function wordsOf({ isSeen }: Headline): { readonly before: string; readonly after: string } {
  return isSeen
    ? { before: "Existed by", after: "seen by this node" }
    : { before: "Claimed", after: "not confirmed by this node" };
}

/** What this node says of a claimed time. An answer of an older server has no word of it. */
export function verdictOf({ height, claim = "unconfirmed" }: BlockTime): string {
  return height === 0n ? "written in the genesis" : verdicts[claim];
}

/** Of a block that this node saw before the time that it claims. It accuses nobody: a parent may have been ahead. */
export const notTheTime = "not the time it was made";

const verdicts = {
  confirmed: "confirmed: this node saw the block within a minute of it",
  unconfirmed: "not confirmed by this node",
  false: `${notTheTime}: this node saw the block before`,
} as const;

/** What is said of a block whose stored bytes do not hash to its id. */
export const reencodedWords =
  "The bytes that are stored for this block do not hash to its id: timestampvm-rs encoded it again. It is no proof.";
