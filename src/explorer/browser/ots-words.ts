import { countOf } from "../../core/format.ts";
import type { Verdict } from "./ots-verdict.ts";
import type { Standing } from "./verify-ots.ts";

/** What an `.ots` file comes to, as a heading. */
export const headings: Readonly<Record<Verdict, string>> = {
  holds: "The proof holds",
  "no file": "The proof holds, but no file was checked",
  "another file": "This is not the file that was stamped",
  "not anchored": "The proof is consistent, not anchored",
  "no answer": "The proof is consistent, not anchored",
  "not complete": "The proof is not complete yet",
  "not checked": "The proof needs Bitcoin, which is not checked here",
  "not known": "The proof cannot be checked here",
  "proves nothing": "The proof does not hold",
  unreadable: "The proof cannot be read",
};

/** What that means, and what to do. */
export const meanings: Readonly<Record<Verdict, string>> = {
  holds: "The file leads to the block below, and this node says that the block is in its chain.",
  "no file":
    "The SHA-256 in it leads to the block below, and this node says that the block is in its chain. To know whether " +
    "a file is the stamped one, choose it, or drop it here.",
  "another file":
    "Its SHA-256 is not the one in the proof. One changed byte is enough for that. The proof may hold for another " +
    "version of the file.",
  "not anchored":
    "The proof leads to the block below, but this node does not have that block. Anybody can make up a block: ask a " +
    "node of its chain that you trust.",
  "no answer": "The proof leads to the block below. Whether that is in the chain is not known yet.",
  "not complete":
    "It says that calendars promised to put it into Bitcoin. That proves nothing yet. This page asks no address that " +
    "stands in a file: the command timestampvm upgrade looks for it on this chain, ots upgrade asks the calendars.",
  "not checked": "It names no block of this program’s chains. To check it, use a client of OpenTimestamps.",
  "not known": "It names no block that this page can read. A newer timestampvm, or another program, may know more.",
  "proves nothing": "It names no block that counts, so it proves nothing here.",
  unreadable: "It proves nothing. It may be damaged, or another kind of file.",
};

/** Why a node's answer does not anchor a block. */
export function describeStanding(standing: Standing | undefined): string {
  switch (standing?.is) {
    case undefined:
      return "asking this node…";
    case "on chain":
      return "on this chain, says this node";
    case "not on chain":
      return standing.reached
        ? "this node has another block at its height"
        : "the chain of this node is shorter: it may come, or it is invented";
    case "of another chain":
      return `of another chain than that of this node, which is ${standing.served.chain}`;
    case "no answer":
      return standing.problem;
  }
}

/** What many proofs come to, as a heading. */
export function summaryOf(verdicts: readonly Verdict[]): string {
  const holding = verdicts.filter((verdict) => verdict === "holds").length;
  if (holding === verdicts.length) return `All ${countOf(holding, "proof")} hold`;
  return `${holding} of ${countOf(verdicts.length, "proof")} ${holding === 1 ? "holds" : "hold"}`;
}
