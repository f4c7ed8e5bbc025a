import { createHash } from "node:crypto";
import { type BlockClaim, blockClaimsOf } from "../../src/proof/block-claims.ts";
import { magic, majorVersion, readOts } from "../../src/proof/ots/read.ts";
import type { OtsFile } from "../../src/proof/ots/timestamp.ts";
import { messagesOf } from "../../src/proof/ots/walk.ts";

/** Digests that nobody has seen before a test. */
export function someDigests(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => crypto.getRandomValues(new Uint8Array(32)));
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash("sha256").update(Buffer.concat(parts)).digest());
}

/** What a client makes of the answer about a digest. */
export function otsOf(digest: Uint8Array, answer: Uint8Array): OtsFile {
  return readOts(Buffer.concat([magic, Uint8Array.of(majorVersion, 0x08), digest, answer]));
}

export type Held = Extract<BlockClaim, { readonly kind: "block" }>;

/** The blocks that carry the root above a digest. Throws for a path that does not hold. */
export function blocksIn(digest: Uint8Array, answer: Uint8Array): readonly Held[] {
  return blockClaimsOf(otsOf(digest, answer)).map((claim) => {
    if (claim.kind !== "block") throw new Error(`a claim that is ${claim.kind}`);
    return claim;
  });
}

/** What the answer about a digest asks its client to ask later, and where. */
export function pendingIn(digest: Uint8Array, answer: Uint8Array): readonly { uri: string; commitment: Uint8Array }[] {
  return [...messagesOf(otsOf(digest, answer))].flatMap(({ bytes, timestamp }) =>
    timestamp.attestations.flatMap((attestation) =>
      attestation.kind === "pending" ? [{ uri: attestation.uri, commitment: bytes }] : [],
    ),
  );
}
