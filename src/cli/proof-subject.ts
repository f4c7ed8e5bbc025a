import { type Digest, matchOf } from "../core/digest.ts";
import { stampedDigest } from "../core/nonce.ts";
import type { CheckedProof } from "../proof/block-proof.ts";
import { ProofProblem } from "./proof-problem.ts";
import type { DescribedDigest } from "./read-source.ts";

/** The data that a proof is about. */
export interface Subject {
  readonly digest: Digest;
  readonly nonce: Uint8Array | undefined;
  /** How the block carries it, or its salted SHA-256 if there is a nonce. */
  readonly match: "data" | "digest";
}

/** How the block carries the data or its SHA-256. Throws a `ProofProblem` if it carries neither. */
export function expectAbout(
  { block }: CheckedProof,
  { digest, description = "that" }: DescribedDigest,
  nonce: Uint8Array | undefined,
): Subject {
  const match = matchOf(block.data, stampedDigest(digest, nonce));
  if (match !== undefined) return { digest, nonce, match };
  throw new ProofProblem(
    "does not hold",
    `the proof is not about ${description}: its block carries neither ${nameOf(digest, nonce)} nor data of it`,
  );
}

/** The digest on the chain, for people. */
function nameOf(digest: Digest, nonce: Uint8Array | undefined): string {
  if (nonce === undefined) return `its SHA-256 ${digest} (if the stamp is salted, give its --nonce)`;
  return `SHA-256(${digest} ‖ nonce ${nonce.toHex()}), which is ${stampedDigest(digest, nonce)},`;
}
