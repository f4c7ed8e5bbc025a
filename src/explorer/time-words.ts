import { type BlockTime, type Headline, notConfirmed, notTheTime } from "../core/time-words.ts";

/** What stands before and after the time of a headline. */
export function wordsOf({ isSeen }: Headline): { readonly before: string; readonly after: string } {
  return isSeen ? { before: "Existed by", after: "seen by this node" } : { before: "Claimed", after: notConfirmed };
}

/** What this node says of a claimed time. An answer of an older server has no word of it. */
export function verdictOf({ height, claim = "unconfirmed" }: BlockTime): string {
  return height === 0n ? "written in the genesis" : verdicts[claim];
}

const verdicts = {
  confirmed: "confirmed: this node saw the block within a minute of it",
  unconfirmed: notConfirmed,
  false: `${notTheTime}: this node saw the block before`,
} as const;

/** What is said of a block whose stored bytes do not hash to its id. */
export const reencodedWords =
  "The bytes that are stored for this block do not hash to its id: timestampvm-rs encoded it again. It is no proof.";
