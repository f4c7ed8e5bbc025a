/** So much a second, and so much at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Bytes of all gossip that this node sends. AvalancheGo takes in 512 KiB per second from each peer (v1.14.2,
 * utils/constants/networking.go:80), on the connection that carries the votes as well: more would hold up consensus.
 */
export const gossipRate: Rate = { perSecond: 128 * 1024, burst: 256 * 1024 };
/**
 * What each proposal counts beside its data: to look one up costs its receivers as much as to take in so many bytes. So
 * a node sends 512 a second at most, and 1,024 at once, which `peerGossipRate` lets through.
 */
export const gossipItemBytes = 256;

/** Lets through so much; one thing of any size when nothing is owed. */
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

  /** How much may go through now, where so many share the rate; not above 0 while something is owed. */
  free(nowMs: number, sharers = 1): number {
    const { perSecond, burst } = this.#rate;
    this.#free = Math.min(this.#free + ((nowMs - this.#atMs) * perSecond) / sharers / 1_000, burst / sharers);
    this.#atMs = nowMs;
    return this.#free;
  }

  spend(amount: number): void {
    this.#free -= amount;
  }
}
