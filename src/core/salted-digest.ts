import { sha256 } from "../avalanche/sha256.ts";
import { type Digest, digestFromBytes, digestToBytes } from "./digest.ts";

/** Bytes of a nonce. It is random, so that nobody finds the digest that was salted by trying. */
export const nonceBytes = 16;

/**
 * SHA-256(digest ‖ nonce): what is stamped of data whose digest stands in a block already, for example in that of a
 * thief who claims a false time. Who has the data and the nonce, 16 bytes, can show that the stamp is about the data.
 */
export function saltedDigest(digest: Digest, nonce: Uint8Array): Digest {
  return digestFromBytes(saltedBytes(digestToBytes(digest), nonce));
}

/** The same as bytes: takes and gives 32. */
export function saltedBytes(digest: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(...digest, ...nonce));
}
