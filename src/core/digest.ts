import { sha256 } from "../avalanche/sha256.ts";

declare const brand: unique symbol;

/** A SHA-256 as 64 lower-case hex digits, mostly that of a block's data. */
export type Digest = string & { readonly [brand]: "Digest" };

/** Bytes of a digest. Data of this length is most likely a digest itself. */
export const digestBytes = 32;

/** The SHA-256 of any data. */
export function digestOf(data: Uint8Array): Digest {
  return sha256(data).toHex() as Digest;
}

/** Takes the 32 bytes of a digest. Does not check their number. */
export function digestFromBytes(bytes: Uint8Array): Digest {
  return bytes.toHex() as Digest;
}

/** Takes 64 hex digits of either case. Does not check them. */
export function digestFromHex(digits: string): Digest {
  return digits.toLowerCase() as Digest;
}

/** Whether the data is the digest itself, as 32 bytes. */
export function isDigest(data: Uint8Array, digest: Digest): boolean {
  return data.length === digestBytes && data.toHex() === digest;
}

/** How a block's data matches a digest: "data" has this digest, "digest" is the digest. Undefined if it does not. */
export function matchOf(data: Uint8Array, digest: Digest): "data" | "digest" | undefined {
  if (digestOf(data) === digest) return "data";
  return isDigest(data, digest) ? "digest" : undefined;
}

/** Gives 32 bytes. */
export function digestToBytes(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(digest);
}
