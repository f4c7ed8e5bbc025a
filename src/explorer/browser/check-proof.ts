import type { CallApi } from "../../client/client.ts";
import type { Block } from "../../core/block.ts";
import { formatSize } from "../../core/format.ts";
import { type CheckedProof, parseProof } from "../../proof/block-proof.ts";
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

/** Bytes that a page checks: it cannot be used meanwhile, for some seconds. */
export const maxPageProofBytes = 32 * 1024 * 1024;

/** Checks a file by the rules of `timestampvm check-proof`. Rejects when it cannot be read, or checked here. */
export async function checkProofFile(file: File): Promise<Verdict> {
  expectAbleToCheck();
  if (file.size > maxPageProofBytes) {
    const limit = formatSize(maxPageProofBytes);
    throw new Error(
      `This page checks proofs of up to ${limit}. The command timestampvm check-proof takes larger ones.`,
    );
  }
  const bytes = await file.arrayBuffer();
  try {
    return { proof: parseProof(decodeText(bytes)) };
  } catch (error) {
    if (error instanceof ProofError) return { problem: error.message };
    if (error instanceof SyntaxError) return { problem: "it is not JSON" };
    throw error;
  }
}

/** Throws where the browser lacks what a check needs: an error of a check must be one of the proof. */
export function expectAbleToCheck(): void {
  if (!("fromHex" in Uint8Array)) throw new Error("This browser is too old to check a proof.");
}

/** Throws a `SyntaxError` for what is not UTF-8, which JSON is written in. */
function decodeText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError("not UTF-8");
  }
}

/** Whether the node has a block accepted; undefined when it does not answer. Rejects when `signal` has aborted. */
export async function isOnChain(
  call: CallApi,
  { id, height }: Block,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const { blocks } = await call("getBlocks", { from: height, order: "ascending", limit: 1 }, signal);
    return blocks[0]?.id === id;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
