import type { Digest } from "../../core/digest.ts";

/** A proposal is told to the peers again after this time, and then after twice as long each time, … */
export const firstRegossipMs = 5_000;
/** … up to this. So each link carries it a few times an hour at most, however long it waits. */
export const maxRegossipMs = 5 * 60_000;

interface Turn {
  readonly atMs: number;
  readonly waitMs: number;
}

/** When the proposals of our own clients are to be told to the peers: at first, and again, since one may have missed them. */
export class Regossip {
  readonly #untold = new Set<Digest>(); // in the order they came
  readonly #turnByDigest = new Map<Digest, Turn>(); // those first that were told least recently

  /** It is to be told as soon as that is possible. */
  addUntold(digest: Digest): void {
    if (!this.#turnByDigest.has(digest)) this.#untold.add(digest);
  }

  /** It was told just now. Times are milliseconds of one steady clock. */
  addTold(digest: Digest, nowMs: number, waitMs = firstRegossipMs): void {
    this.remove(digest);
    this.#turnByDigest.set(digest, { atMs: nowMs + waitMs, waitMs });
  }

  remove(digest: Digest): void {
    this.#untold.delete(digest);
    this.#turnByDigest.delete(digest);
  }

  /** Those that are due, never told ones first. Each counts as told when the next one is asked for. */
  *due(nowMs: number): Generator<Digest, void> {
    for (const digest of this.#untold) {
      yield digest;
      this.addTold(digest, nowMs);
    }
    for (const [digest, { atMs, waitMs }] of this.#turnByDigest) {
      if (atMs > nowMs) continue;
      yield digest;
      this.addTold(digest, nowMs, Math.min(waitMs * 2, maxRegossipMs));
    }
  }
}
