import { sha256 as implementation } from "#sha256"; // which one that is, `imports` in package.json says

/** A SHA-256 of bytes that come in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  /** Gives 32 bytes. The last call. */
  digest(): Uint8Array;
}

/** Gives 32 bytes. Runs in browsers; elsewhere it is the runtime's own, which is many times as fast. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return implementation(bytes);
}

/** The same for what does not fit into memory, or comes little by little. */
export function startSha256(): Sha256 {
  return implementation.create();
}
