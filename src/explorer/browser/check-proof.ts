import type { CallApi } from "../../client/client.ts";
import type { Block } from "../../core/block.ts";
import { formatNumber } from "../../core/format.ts";
import { type CheckedProof, maxProofFileBytes, parseProof } from "../../proof/block-proof.ts";
import { ProofError } from "../../proof/errors.ts";

/** What a proof's file is worth: what it proves, or why it proves nothing. */
export type Verdict = { readonly proof: CheckedProof } | { readonly problem: string };

/** Whether a file is meant as a proof: it has such a name as this page gives, or begins as `getProof` writes one. */
export async function isProofFile(file: File): Promise<boolean> {
  if (file.name.endsWith(".proof.json")) return true;
  const start = await file.slice(0, startBytes).text();
  return /^\s*\{/.test(start) && members.every((name) => start.includes(`"${name}"`));
}

const members = ["version", "id", "height", "timestamp", "digest", "to", "blocks"];
/** Bytes in which all of them come, also with white space between. */
const startBytes = 1_024;

/** Checks a file by the rules of `timestampvm check-proof`. Rejects when it cannot be read. */
export async function checkProofFile(file: File): Promise<Verdict> {
  if (file.size > maxProofFileBytes) {
    return { problem: `it has more than the ${formatNumber(maxProofFileBytes)} bytes that a proof may have` };
  }
  const bytes = await file.arrayBuffer();
  try {
    return { proof: parseProof(utf8.decode(bytes)) };
  } catch (error) {
    if (error instanceof ProofError) return { problem: error.message };
    if (error instanceof SyntaxError || error instanceof TypeError) return { problem: "it is not JSON" };
    throw error;
  }
}

/** Throws a `TypeError` for what is not UTF-8. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether the node has a block accepted. */
export async function isOnChain(call: CallApi, { id, height }: Block, signal: AbortSignal): Promise<boolean> {
  const { blocks } = await call("getBlocks", { from: height, order: "ascending", limit: 1 }, signal);
  return blocks[0]?.id === id;
}
