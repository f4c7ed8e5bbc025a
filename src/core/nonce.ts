import type { Digest } from "./digest.ts";
import { nonceBytes, saltedDigest } from "./salted-digest.ts";

/** What a stamp puts on the chain for data with this digest: the digest itself, or salted if the stamp has a nonce. */
export function stampedDigest(digest: Digest, nonce: Uint8Array | undefined): Digest {
  return nonce === undefined ? digest : saltedDigest(digest, nonce);
}

/** Takes the 32 hex digits of a nonce, of either case, behind 0x or not. Undefined for any other text. */
export function parseNonce(text: string): Uint8Array | undefined {
  const [, digits] = pattern.exec(text) ?? [];
  return digits === undefined ? undefined : Uint8Array.fromHex(digits);
}

const pattern = new RegExp(`^(?:0[xX])?([0-9A-Fa-f]{${2 * nonceBytes}})$`);
