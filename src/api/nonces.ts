import type { Digest } from "../core/digest.ts";
import { nonceBytes } from "../core/salted-digest.ts";

/** The most nonces that are remembered: some 2 MB. */
export const maxNonces = 10_000;

/** The nonces of the newest salted stamps, so that a stamp that is sent again makes no other block. */
export class Nonces {
  readonly #nonceByDigest = new Map<Digest, Uint8Array>();

  /** The nonce with which a digest was salted last; a new one, 16 random bytes, if that is not remembered. */
  of(digest: Digest): Uint8Array {
    return this.#nonceByDigest.getOrInsertComputed(digest, () => {
      const [oldest] = this.#nonceByDigest.keys();
      if (oldest !== undefined && this.#nonceByDigest.size >= maxNonces) this.#nonceByDigest.delete(oldest);
      return crypto.getRandomValues(new Uint8Array(nonceBytes));
    });
  }

  forget(digest: Digest): void {
    this.#nonceByDigest.delete(digest);
  }
}
