/**
 * Of all gossip together. AvalancheGo takes in 512 KiB per second from each peer (v1.14.2, utils/constants/networking.go:80),
 * on the connection that carries the votes as well: more would hold up consensus.
 */
export const gossipBytesPerSecond = 128 * 1024;
/** What may be sent at once after a pause. */
export const gossipBurstBytes = 256 * 1024;
/** What each proposal counts beside its data. */
export const gossipItemBytes = 64;

/** Lets through so many bytes a second; one item of any size when none is owed. */
export class Pace {
  #freeBytes = gossipBurstBytes;
  #atMs: number;

  /** All times are milliseconds of one steady clock. */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  isFree(nowMs: number): boolean {
    const refilled = this.#freeBytes + ((nowMs - this.#atMs) * gossipBytesPerSecond) / 1_000;
    this.#freeBytes = Math.min(refilled, gossipBurstBytes);
    this.#atMs = nowMs;
    return this.#freeBytes > 0;
  }

  spend(bytes: number): void {
    this.#freeBytes -= bytes + gossipItemBytes;
  }
}
