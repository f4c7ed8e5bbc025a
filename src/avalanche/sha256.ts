import { sha256 as implementation } from "#sha256"; // `imports` in package.json says which file this is

/** A SHA-256 of bytes that arrive in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  /** Gives 32 bytes. Nothing may be called after it. */
  digest(): Uint8Array;
}

/** Gives the hash, 32 bytes. Outside browsers it is the runtime's own, which is many times faster. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return implementation(bytes);
}

/** The same for bytes that do not fit into memory, or arrive little by little. */
export function startSha256(): Sha256 {
  return implementation.create();
}
