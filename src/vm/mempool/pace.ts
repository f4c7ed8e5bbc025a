/** How much may go through in a second, and how much at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Bytes of all gossip that this node sends. AvalancheGo takes in 512 KiB per second from each peer (v1.14.2,
 * utils/constants/networking.go:80), on the connection that also carries the votes: more would hold up consensus.
 */
export const gossipRate: Rate = { perSecond: 128 * 1024, burst: 256 * 1024 };
/**
 * Bytes that each proposal counts besides its data: looking it up costs a receiver as much as taking in so many bytes.
 * So a node sends 512 proposals a second at most, and 1,024 at once, which `peerGossipRate` lets through.
 */
export const gossipItemBytes = 256;

/** Counts what goes through. One thing of any size may go when nothing is owed; then it may be owed for a while. */
export class Pace {
  readonly #rate: Rate;
  #free: number;
  #atMs: number;

  /** All times are milliseconds of one steady clock. */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#free = rate.burst;
    this.#atMs = nowMs;
  }

  /**
   * How much may go through now, of a part of the rate, 0 to 1; at least one thing after a pause, however small the
   * part is. Not above 0 while something is owed.
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
