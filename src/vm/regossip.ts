import type { Digest } from "../core/digest.ts";

/** A proposal is told to the peers again after this time, and then after twice as long each time, … */
export const firstRegossipMs = 5_000;
/** … up to this. So each link carries it a few times an hour at most, however long it waits. */
export const maxRegossipMs = 5 * 60_000;

interface Turn {
  readonly atMs: number;
  readonly waitMs: number;
}

/** When the proposals of our own clients are due to be told to the peers again: one may have missed them. */
export class Regossip {
  readonly #turnByDigest = new Map<Digest, Turn>();

  /** To be told again so many milliseconds from `nowMs`, a time of one steady clock. */
  add(digest: Digest, nowMs: number, waitMs = firstRegossipMs): void {
    this.#turnByDigest.set(digest, { atMs: nowMs + waitMs, waitMs });
  }

  remove(digest: Digest): void {
    this.#turnByDigest.delete(digest);
  }

  /** Those that are due, the first that came first. Each is put off when the next one is asked for. */
  *due(nowMs: number): Generator<Digest, void> {
    for (const [digest, { atMs, waitMs }] of this.#turnByDigest) {
      if (atMs > nowMs) continue;
      yield digest;
      this.add(digest, nowMs, Math.min(waitMs * 2, maxRegossipMs));
    }
  }
}
