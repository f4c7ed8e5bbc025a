import { summaryOf } from "../../core/block.ts";
import { countOf, formatIsoTime } from "../../core/format.ts";
import { describeExistence } from "../../core/time-words.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { holdingWords, nodeRows, notAnchored } from "../proof-verdict.ts";
import type { Paint } from "../terminal/output.ts";
import { formatRows, type OutputRow } from "../terminal/rows.ts";
import type { Judged } from "./judge-proof.ts";

// What is printed of a proof that is sound. docs/verify.schema.json has the form for programs.

/** "no file checked": it would hold for a file with its SHA-256. */
export type VerdictKind = "holds" | "no file checked" | "not anchored";

export function kindOf({ anchor, original }: Judged): VerdictKind {
  if (anchor.kind === "none") return "not anchored";
  return original === undefined ? "no file checked" : "holds";
}

/** Throws "command failed", with the exit code, unless the proof holds for what was compared. It says nothing more. */
export function expectHolds(judged: Judged): void {
  if (kindOf(judged) !== "holds") throw new CommandFailed("", notYet);
}

/** For programs: the integers are bigints. */
export function verdictAsJson(judged: Judged): object {
  const { proven, anchor, digest, original, isFound, remarks } = judged;
  const { block, to, length, network, chain } = proven;
  const { answer, ...node } = anchor.kind === "url" ? anchor.node : {};
  return {
    verdict: kindOf(judged),
    ...(anchor.kind !== "none" && { anchor: anchor.kind }),
    ...(digest && { sha256: `0x${digest}` }),
    ...(original && { compared: original.name === undefined ? "digest" : "file", original: original.name }),
    block: summaryOf(block),
    to: summaryOf(to),
    blocks: length,
    says: { network, chain },
    ...(answer?.has === "this block" && answer.seen && { firstSight: answer.seen }),
    ...(anchor.kind === "url" && { node }),
    ...(isFound && { upgrade: true }),
    remarks,
  };
}

/** For people, of one of several proofs: on one line. */
export function verdictLine(judged: Judged): string {
  const { block } = judged.proven;
  return `${kindOf(judged)}  ${timeOf(judged)}  height ${block.height}`;
}

/** The best upper bound of the time. */
function timeOf({ proven: { block }, anchor }: Judged): string | undefined {
  if (anchor.kind !== "url") return `claimed ${formatIsoTime(block.timestamp)}`;
  const { answer } = anchor.node;
  const firstSight = answer.has === "this block" ? answer.seen : undefined;
  return describeExistence([{ height: block.height, timestamp: block.timestamp, firstSight }]);
}

/** For people: the verdict first. */
export function formatVerdict(judged: Judged, paint: Paint): string {
  const { proven, anchor, digest, original, remarks } = judged;
  const { block, to, length } = proven;
  const [head, ...rest] = wordsOf(judged);
  const rows: readonly OutputRow[] = [
    ["compared", original && (original.description ?? "the SHA-256 that you gave")],
    ["SHA-256", digest],
    ["block", `${block.id}  height ${block.height}`],
    ["claimed time", formatIsoTime(block.timestamp)],
    ["up to", length === 1 ? undefined : `${to.id}  height ${to.height}, ${countOf(length, "block")}`],
    ...(anchor.kind === "url" ? nodeRows(anchor.node, paint) : saysRows(judged)),
    ...remarks.map((remark, i): OutputRow => [i === 0 ? "it also has" : "", remark]),
  ];
  const isSure = kindOf(judged) === "holds";
  return `${paint(isSure ? "green" : "yellow", head)}\n\n${formatRows(rows, paint)}\n${rest.join("\n")}\n`;
}

function saysRows({ proven: { network, chain } }: Judged): readonly OutputRow[] {
  const named = network === undefined || network === 0n ? chain : `${chain}, network ${network}`;
  return [["says (not checked)", chain && `chain ${named}`]];
}

function wordsOf(judged: Judged): readonly [string, ...string[]] {
  const { proven, anchor, original, isFound } = judged;
  const more = [...(original === undefined ? [noFile] : []), ...(isFound ? [howToKeep] : [])];
  if (anchor.kind === "none") return [notAnchored, ...howToAnchor, ...more];
  const [head, ...rest] = holdingWords(proven.to, proven.length, anchor);
  return [original === undefined ? `no file was checked; the SHA-256 ${head}` : head, ...rest, ...more];
}

const noFile = "No file was checked: give the one that was stamped as --file, its folder as --in, or its --digest.";
const howToKeep = "The node found this block: the proof does not name it. `timestampvm upgrade` adds it.";
const howToAnchor = [
  "The proof is sound, and anybody can make such a block. It holds if the block is one of the chain: give its id, or",
  "that of a later block, as --to, from a source that you trust, or a node that you trust as --url.",
];
