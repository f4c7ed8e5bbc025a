import type { CallApi } from "../../client/client.ts";
import type { Block } from "../../core/block.ts";
import { encodingOf } from "../../core/encoding.ts";
import { formatSize } from "../../core/format.ts";
import { type CheckedProof, parseProof } from "../../proof/block-proof.ts";
import { ProofError } from "../../proof/errors.ts";
import { decodeProof } from "../../proof/proof-text.ts";

/** The result for a proof's file: what it proves, or why it proves nothing. */
export type Verdict = { readonly proof: CheckedProof } | { readonly problem: string };

/** Whether a file seems to be a proof: its name ends like those of this page, or it begins like one of `getProof`. */
export async function isProofFile(file: File): Promise<boolean> {
  if (file.name.endsWith(".proof.json")) return true;
  const bytes = new Uint8Array(await file.slice(0, startBytes).arrayBuffer());
  const start = new TextDecoder(encodingOf(bytes)).decode(bytes);
  return /^\s*\{/.test(start) && members.every((name) => start.includes(`"${name}"`));
}

const members = ["version", "id", "height", "timestamp", "digest", "to", "blocks"];
/** All of these members are in the first so many bytes, also with white space between them. */
const startBytes = 2_048;

/** The largest file that a page checks, in bytes. The page cannot be used meanwhile, for some seconds. */
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
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    return { proof: parseProof(decodeProof(bytes)) };
  } catch (error) {
    if (error instanceof ProofError) return { problem: error.message };
    if (error instanceof SyntaxError) return { problem: "it is not JSON" };
    throw error;
  }
}

/** Throws if the browser lacks what a check needs, so that an error of the check itself is always about the proof. */
export function expectAbleToCheck(): void {
  if (!("fromHex" in Uint8Array)) throw new Error("This browser is too old to check a proof.");
}

/**
 * What is known of a proof's last block: this node has it in its chain, has not, gives no answer, or is being asked.
 * Only "on chain" anchors a proof.
 */
export type Anchor = "on chain" | "not on chain" | "no answer" | "asked";

/** Asks the node for the last block. Rejects when `signal` has aborted. */
export async function anchorOf(
  call: CallApi,
  { id, height }: Block,
  signal: AbortSignal,
): Promise<Exclude<Anchor, "asked">> {
  try {
    const { blocks } = await call("getBlocks", { from: height, order: "ascending", limit: 1 }, signal);
    return blocks[0]?.id === id ? "on chain" : "not on chain";
  } catch {
    signal.throwIfAborted();
    return "no answer";
  }
}
