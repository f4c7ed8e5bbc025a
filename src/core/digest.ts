import { sha256 } from "../avalanche/sha256.ts";

declare const brand: unique symbol;

/** The SHA-256 of a block's data as 64 lower-case hex digits. Two are equal exactly when the data are. */
export type Digest = string & { readonly [brand]: "Digest" };

/** Bytes of a digest. Data of so many is most likely a digest itself. */
export const digestBytes = 32;

/** The digest of any data. */
export function digestOf(data: Uint8Array): Digest {
  return sha256(data).toHex() as Digest;
}

/** Takes the 32 bytes of a digest, and does not check how many they are. */
export function digestFromBytes(bytes: Uint8Array): Digest {
  return bytes.toHex() as Digest;
}

/** Takes 64 hex digits of either case, with or without `0x` before them; gives undefined for all else. */
export function parseDigest(text: string): Digest | undefined {
  return /^(?:0x)?([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase() as Digest | undefined;
}

/** Whether the data is the 32 bytes of the digest itself. */
export function isDigest(data: Uint8Array, digest: Digest): boolean {
  return data.length === digestBytes && data.toHex() === digest;
}

/** How a block's data stands for what has the digest: as that itself, or as its SHA-256. Undefined for not at all. */
export function matchOf(data: Uint8Array, digest: Digest): "data" | "digest" | undefined {
  if (digestOf(data) === digest) return "data";
  return isDigest(data, digest) ? "digest" : undefined;
}

/** Gives its 32 bytes. */
export function digestToBytes(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(digest);
}
