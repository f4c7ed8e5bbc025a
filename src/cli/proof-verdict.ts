import { type Block, summaryOf } from "../core/block.ts";
import { digestBytes, digestOf, matchOf } from "../core/digest.ts";
import { countOf, formatIsoTime, formatSize } from "../core/format.ts";
import { stampedDigest } from "../core/nonce.ts";
import type { CheckedProof } from "../proof/block-proof.ts";
import type { ProofHints } from "../proof/proof-hints.ts";
import { CommandFailed, failed, notYet } from "./command-failed.ts";
import type { NodeWord } from "./node/anchor.ts";
import type { Subject } from "./proof-subject.ts";
import { provesNothingYet } from "./proof-words.ts";
import type { Paint } from "./terminal/output.ts";
import { formatRows, type OutputRow } from "./terminal/rows.ts";

// What a check of a proof comes to, for people and for programs.

/** From where it is known that the last block of a proof belongs to a chain. */
export type Anchor =
  | { readonly kind: "none" }
  /** The user has named that block. */
  | { readonly kind: "to" }
  | { readonly kind: "url"; readonly node: NodeWord };

/** A proof whose blocks fit together. */
export interface Verdict {
  readonly proof: CheckedProof;
  /** Undefined if no data was given. */
  readonly subject: Subject | undefined;
  readonly anchor: Anchor;
}

/** For programs: the integers are bigints. */
export function verdictAsJson({ proof, subject, anchor }: Verdict): object {
  const { block, to, length, says } = proof;
  const { answer, ...node } = anchor.kind === "url" ? anchor.node : {};
  const verdict = kindOf(anchor);
  return {
    verdict,
    ...(verdict === "holds" && { holds: true, anchor: anchor.kind }),
    ...summaryOf(block),
    digest: `0x${digestOf(block.data)}`,
    ...(subject && { sha256: `0x${subject.digest}`, match: subject.match }),
    to: summaryOf(to),
    blocks: length,
    ...(answer?.has === "this block" && answer.seen && { firstSight: answer.seen }),
    ...(anchor.kind === "url" && { node }),
    says: { ...says, sha256: says.sha256 && `0x${says.sha256}`, nonce: says.nonce && `0x${says.nonce.toHex()}` },
  };
}

/** Throws "command failed", with the exit code, unless the proof holds. */
export function expectVerdict({ proof: { to, says }, anchor }: Verdict): void {
  if (anchor.kind === "to") return;
  if (anchor.kind === "none") throw new CommandFailed("", notYet); // it says so itself
  const { answer, url, chain } = anchor.node;
  switch (answer.has) {
    case "this block":
      return;
    case "no answer yet":
      throw new CommandFailed(`whether the proof holds cannot be told yet. ${answer.problem}`, notYet);
    case "another block": {
      const isOther = says.chain !== undefined && says.chain !== chain;
      const chains = isOther ? `\nThe proof says that it is of chain ${says.chain}; this is chain ${chain}.` : "";
      const problem = `this node has no such block: at height ${to.height} it has block ${answer.id}`;
      throw new CommandFailed(`${url}: ${problem}${chains}`, failed);
    }
  }
}

function kindOf(anchor: Anchor): "holds" | "not anchored" | "no such block" | "cannot tell yet" {
  if (anchor.kind === "none") return "not anchored";
  if (anchor.kind === "to") return "holds";
  const kinds = {
    "this block": "holds",
    "another block": "no such block",
    "no answer yet": "cannot tell yet",
  } as const;
  return kinds[anchor.node.answer.has];
}

/** For people: the verdict first. "" where `expectVerdict` says it all. */
export function formatVerdict(verdict: Verdict, paint: Paint): string {
  const { proof, subject, anchor } = verdict;
  const words = wordsOf(proof, anchor);
  if (words === undefined) return "";
  const { block, to, length, says } = proof;
  const rows: readonly OutputRow[] = [
    ["block", `${block.id}  height ${block.height}`],
    ["claimed time", formatIsoTime(block.timestamp)],
    ...subjectRows(block, subject, says),
    ["up to", `${to.id}  height ${to.height}, ${countOf(length, "block")}, claimed ${formatIsoTime(to.timestamp)}`],
    ...(anchor.kind === "url" ? nodeRows(anchor.node, paint) : []),
    ...hintRows(says),
  ];
  const [head, ...rest] = words;
  const isSure = anchor.kind !== "none";
  return `${paint(isSure ? "green" : "yellow", head)}\n\n${formatRows(rows, paint)}\n${rest.join("\n")}\n`;
}

/** The verdict in a few words, and lines that say what it means. */
function wordsOf({ to, length }: CheckedProof, anchor: Anchor): readonly [string, ...string[]] | undefined {
  if (anchor.kind === "none") {
    return [
      notAnchored,
      "Its blocks fit together, and anybody can make such blocks. It holds if the last one is of the chain:",
      "give the id of that as --to, from a source that you trust, or a node that you trust as --url.",
      ...(length === 1 ? [provesNothingYet] : []),
    ];
  }
  return anchor.kind === "url" && anchor.node.answer.has !== "this block"
    ? undefined
    : holdingWords(to, length, anchor);
}

/** What is printed of a proof that is sound, and not known to be of a chain. */
export const notAnchored = "consistent, not anchored";

/** The words for a proof that holds: of `length` blocks, up to `to`. */
export function holdingWords(
  to: Block,
  length: number,
  anchor: Exclude<Anchor, { kind: "none" }>,
): readonly [string, ...string[]] {
  const existed = `the data existed ${length === 1 ? "when" : "before"} block ${to.id}\nwas made`;
  if (anchor.kind === "to") {
    return [
      "holds: it ends in the block that you named",
      `So ${existed}: by the day on which you have its id.`,
      "The times of blocks are what their proposers claim.",
    ];
  }
  const { notice } = anchor.node;
  return [
    "holds, by the word of a node",
    `If the node does not lie, ${existed}.`,
    ...(notice === undefined ? [] : [`It is a ${notice}: its word is worth nothing to anybody else.`]),
  ];
}

function subjectRows(block: Block, subject: Subject | undefined, { sha256, nonce }: ProofHints): readonly OutputRow[] {
  const { data } = block;
  const ofData: OutputRow = ["SHA-256 of the block's data", digestOf(data)];
  const size: OutputRow = ["data", formatSize(data.length)];
  if (subject !== undefined) {
    const { digest, match } = subject;
    const carried = matches[subject.nonce === undefined ? "plain" : "salted"][match];
    return [["SHA-256 of the file", digest], ofData, ...(match === "data" ? [size] : []), ["match", carried]];
  }
  if (sha256 !== undefined) {
    const isCarried = matchOf(data, stampedDigest(sha256, nonce)) !== undefined;
    const said = `${sha256}, ${isCarried ? "as the proof says" : doubt}`;
    return [["SHA-256 of the file", said], ofData];
  }
  if (data.length !== digestBytes) return [size, ofData];
  return [["data", `${data.toHex()}, most likely the SHA-256 of a file`], ofData];
}

const doubt = "says the proof, but the block does not show it: if the stamp is salted, give its --nonce";

const matches = {
  plain: { data: "the block carries the data itself", digest: "the block carries its SHA-256" },
  salted: {
    data: "the block carries its SHA-256 and the nonce",
    digest: "the block carries the SHA-256 of its SHA-256 and the nonce",
  },
} as const;

/** What is known of the node that was asked, and by it. */
export function nodeRows({ url, nodeId, chain, network, answer }: NodeWord, paint: Paint): readonly OutputRow[] {
  const seen = answer.has === "this block" ? answer.seen : undefined;
  return [
    ["asked", url],
    ["node", nodeId],
    ["its chain", network === undefined ? chain : `${chain}, network ${network}`],
    seen?.own
      ? ["existed by", `${paint("bold", formatIsoTime(seen.time))}, by the clock of that node`]
      : ["seen", seen && `${seen.node} says: seen ${formatIsoTime(seen.time)}`],
  ];
}

/** What the proof says of itself. */
function hintRows({ network, chain, genesis, program }: ProofHints): readonly OutputRow[] {
  const hints = [
    network === undefined ? undefined : `network ${network}`,
    chain && `chain ${chain}`,
    genesis && `genesis ${genesis}`,
    program && `made by ${program}`,
  ].filter((hint) => hint !== undefined);
  return hints.map((hint, i) => [i === 0 ? "says (not checked)" : "", hint]);
}
