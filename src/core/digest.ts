import { sha256 } from "./id.ts";

declare const brand: unique symbol;

/** SHA-256 of a block's data as 64 lower-case hex digits: equal exactly when the data are equal. */
export type Digest = string & { readonly [brand]: "Digest" };

export function digestOf(data: Uint8Array): Digest {
  return sha256(data).toHex() as Digest;
}

/** Takes 32 bytes. */
export function digestFromBytes(bytes: Uint8Array): Digest {
  return bytes.toHex() as Digest;
}

/** Gives 32 bytes. */
export function digestToBytes(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(digest);
}
