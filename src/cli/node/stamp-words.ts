import type { Receipt, StampedBlock } from "../../client/contract.ts";
import type { Digest } from "../../core/digest.ts";
import { formatIsoTime } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { describeDoubts } from "../../core/time-words.ts";
import type { FilePath } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import type { DescribedDigest } from "../read-source.ts";
import type { Paint } from "../terminal/output.ts";
import { formatRows, type OutputRow } from "../terminal/rows.ts";
import type { FileAnswer } from "./each-file.ts";
import type { SaltedReceipt, Stamped } from "./stamping.ts";
import { timeRows } from "./time-rows.ts";

// What became of a stamp, for people and for programs.

/** For programs: the API's answer, and the digest of the data. */
export function answerOf({ digest }: DescribedDigest, { receipt, salted }: Stamped): object {
  return { digest: `0x${digest}`, ...receipt, ...(salted && { salted }) };
}

/** For a file whose proof is in its place. */
export function answerOfProven(digest: Digest, proof: FilePath): FileAnswer {
  return { line: "has its proof", values: [{ digest: `0x${digest}`, proof: proof.toString(), isNew: false }] };
}

/** Throws "command failed" if the node has lost the stamp. */
export function expectKept({ receipt, salted }: Stamped): void {
  if (receipt.status === "unknown" || salted?.status === "unknown") {
    const nonce = salted === undefined ? "" : ` (nonce ${salted.nonce})`;
    throw new CommandFailed(`the node no longer knows it: it may have waited for too long${nonce}`);
  }
}

/** For people. `proof` is the path of the proof, if one was written. */
export function formatStamped(
  { digest, description }: DescribedDigest,
  { receipt, salted, blocks, isNew }: Stamped,
  proof: string | undefined,
  url: string,
  paint: Paint,
): string {
  const rows = formatRows(
    [
      ["data", description],
      ["SHA-256", digest],
      ...timeRows(blocks, url, paint),
      ...receiptRows(receipt),
      ...(salted === undefined ? [] : saltedRows(salted, proof)),
      ["proof", proof && escapeLine(proof)],
    ],
    paint,
  );
  if (salted !== undefined) return `${rows}${whySalted}`;
  return `${rows}${isNew ? "" : "It was on the chain before: nothing new was stamped.\n"}`;
}

const whySalted =
  "Only blocks whose time this node does not confirm carry it: anybody may have put its SHA-256 there.\n" +
  "So it was stamped once more, together with the nonce: without that, nobody can find this stamp.\n";

function receiptRows({ id, status, block }: Receipt): readonly OutputRow[] {
  return [
    ["receipt", id.replace(/^0x/, "")],
    ["stamped", block === undefined ? describeState({ status }) : describeBlock(block)],
  ];
}

function saltedRows({ nonce, ...receipt }: SaltedReceipt, proof: string | undefined): readonly OutputRow[] {
  return [["nonce", describeNonce(nonce, proof)], ...receiptRows(receipt)];
}

export function describeNonce(nonce: string, proof: string | undefined): string {
  return `${nonce}: ${proof === undefined ? "keep this nonce with the file" : "the proof has it, too"}`;
}

function describeBlock(block: StampedBlock): string {
  const { id, height, timestamp } = block;
  return [`${formatIsoTime(timestamp)}  block ${id}  height ${height}`, ...describeDoubts(block)].join("; ");
}

/** Of a stamp without a block. */
export function describeState({ status }: Pick<Receipt, "status">): string {
  return `not yet: ${stateByStatus[status]}`;
}

const stateByStatus = {
  pending: "it is on the node's disk, and waits for a block",
  processing: "it is in a block that is not decided",
  unknown: "the node no longer knows it",
  accepted: "",
} as const;
