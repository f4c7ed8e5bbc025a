import type { Digest } from "../core/digest.ts";

/** How many accepted blocks are remembered. Gossip is seconds late, never this many blocks. */
export const maxRecentDigests = 10_000;

/** What the newest accepted blocks carry: gossip that comes after its block must not be proposed again. */
export class RecentDigests {
  readonly #digests = new Set<Digest>(); // in the order of their blocks

  add(digest: Digest): void {
    this.#digests.delete(digest);
    this.#digests.add(digest);
    if (this.#digests.size <= maxRecentDigests) return;
    const [oldest] = this.#digests;
    if (oldest !== undefined) this.#digests.delete(oldest);
  }

  has(digest: Digest): boolean {
    return this.#digests.has(digest);
  }
}
