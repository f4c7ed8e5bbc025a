import { type BlockTime, headlineOf } from "../../core/time-words.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { keyOf } from "../../proof/block-claims.ts";
import type { Original } from "./originals.ts";
import type { OtsSays, ReadProof, Standing, Standings } from "./verify-ots.ts";

/** All that is known of an `.ots` file. */
export interface CheckedOts extends ReadProof {
  readonly original: Original | undefined;
  /** What is known of its blocks. Those that it lacks are being asked for. */
  readonly standings: Standings;
}

/** What an `.ots` file comes to. */
export type Verdict =
  | "holds"
  /** It holds for its digest: no file was compared with that. */
  | "no file"
  | "another file"
  /** The node does not have its block. */
  | "not anchored"
  /** The node has not said yet, or cannot say, whether it has its block. */
  | "no answer"
  /** There are only promises of calendars. */
  | "not complete"
  /** There are only blocks of Bitcoin, which are not checked here. */
  | "not checked"
  /** There is only what this program does not know: a newer one, or another one, may. */
  | "not known"
  | "proves nothing"
  | "unreadable";

/** The best that is known goes first: one block that the node has is enough. */
export function verdictOf({ reading, original, standings }: CheckedOts): Verdict {
  if ("problem" in reading) return "unreadable";
  if (reading.ots.hash !== "sha256") return "proves nothing";
  if (original !== undefined && !original.isSame) return "another file";
  if (reading.blocks.length === 0) return withoutBlock(reading);
  if (anchoredOf(reading, standings).length > 0) return original === undefined ? "no file" : "holds";
  return reading.blocks.every((stamped) => isAnswered(standings.get(keyOf(stamped)))) ? "not anchored" : "no answer";
}

function withoutBlock({ problems, isNewer, anchors, calendars }: OtsSays): Verdict {
  if (problems.length > 0) return "proves nothing";
  if (anchors.length > 0) return "not checked";
  return calendars.length > 0 && !isNewer ? "not complete" : "not known";
}

function isAnswered(standing: Standing | undefined): boolean {
  return standing !== undefined && standing.is !== "no answer";
}

/** A block that the node has in its chain. */
export interface Anchored {
  readonly stamped: StampedBlock;
  readonly known: BlockTime;
  readonly notice: string | undefined;
}

/** The blocks of a proof that the node has: those that it saw itself first, by time, and then by height. */
export function anchoredOf({ blocks }: OtsSays, standings: Standings): readonly Anchored[] {
  const anchored = blocks.flatMap((stamped): readonly Anchored[] => {
    const standing = standings.get(keyOf(stamped));
    return standing?.is === "on chain" ? [{ stamped, known: standing.known, notice: standing.notice }] : [];
  });
  return anchored.toSorted(byWorth);
}

function byWorth(a: Anchored, b: Anchored): number {
  const [timeA, timeB] = [headlineOf(a.known), headlineOf(b.known)];
  if (timeA.isSeen !== timeB.isSeen) return timeA.isSeen ? -1 : 1;
  const [valueA, valueB] = timeA.isSeen
    ? [timeA.seconds, timeB.seconds]
    : [a.stamped.block.height, b.stamped.block.height];
  return valueA < valueB ? -1 : Number(valueA > valueB);
}
