import { type BlockTime, describeExistence } from "../../core/time-words.ts";
import type { Paint } from "../terminal/output.ts";
import type { OutputRow } from "../terminal/rows.ts";

/** For the help of commands that print the time of a block. */
export const claimNote =
  "The time of a block is what its proposer wrote. The node confirms it if it saw the block within a minute of that " +
  "time, by its own clock. All of it is the word of the node that is asked.";

/** Since when data exists that these blocks carry, and who says so. No rows without a block. */
export function timeRows(blocks: readonly BlockTime[], url: string, paint: Paint): readonly OutputRow[] {
  const existence = describeExistence(blocks);
  if (existence === undefined) return [];
  return [
    ["time", paint("bold", existence)],
    ["said by", `the node at ${url}`],
  ];
}
