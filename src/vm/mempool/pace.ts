/** How much may pass per second, and how much at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Bytes of all gossip that this node sends. AvalancheGo reads 512 KiB per second from each peer (v1.14.2,
 * utils/constants/networking.go:80), on the connection that also carries votes: more gossip would delay consensus.
 */
export const gossipRate: Rate = { perSecond: 128 * 1024, burst: 256 * 1024 };
/**
 * Bytes that each proposal counts in addition to its data: looking it up takes a receiver as long as reading so many
 * bytes. So a node sends at most 512 proposals a second, and 1,024 at once, which `peerGossipRate` allows.
 */
export const gossipItemBytes = 256;

/** A rate limiter. One item of any size may pass when nothing is owed. A large one leaves a debt for a while. */
export class Pace {
  readonly #rate: Rate;
  #free: number;
  #atMs: number;

  /** All times are milliseconds of one monotonic clock. */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#free = rate.burst;
    this.#atMs = nowMs;
  }

  /**
   * How much may pass now, at `part` (0 to 1) of the rate; at least 1 after a pause, even for a small part. Not above 0
   * while something is owed.
   */
  free(nowMs: number, part = 1): number {
    const { perSecond, burst } = this.#rate;
    this.#free = Math.min(this.#free + ((nowMs - this.#atMs) * perSecond * part) / 1_000, Math.max(1, burst * part));
    this.#atMs = nowMs;
    return this.#free;
  }

  spend(amount: number): void {
    this.#free -= amount;
  }
}
