import { type Digest, digestBytes, digestFromBytes } from "../core/digest.ts";
import { blockTag } from "../proof/block-attestation.ts";
import { createTimestamp, leadTo, type Timestamp } from "../proof/ots/timestamp.ts";

// What clients ask a calendar about later: the SHA-256 of what a block carries, and behind it the tag of blocks. It
// stands beside the block's attestation, not above or below it: some clients look no further than the first
// attestation on a way. All that an answer needs is in the question, so the calendar keeps nothing.

const tag = Uint8Array.fromHex(blockTag);

/** Says of what a block carries that the calendar at `uri` can be asked about it. */
export function pendingAt(uri: string): Timestamp {
  const pending = createTimestamp([{ kind: "pending", uri }], []);
  return leadTo(pending, [{ kind: "sha256" }, { kind: "append", bytes: tag }]);
}

/** Gives the SHA-256 of what a block carries, by what is asked about. Undefined for what no calendar of ours gave. */
export function readCommitment(bytes: Uint8Array): Digest | undefined {
  const digest = bytes.subarray(0, digestBytes);
  const rest = bytes.subarray(digestBytes).toHex();
  return digest.length === digestBytes && (rest === "" || rest === blockTag) ? digestFromBytes(digest) : undefined;
}
