import type { Digest } from "../../core/digest.ts";
import { gossipItemBytes, gossipRate, Pace } from "./pace.ts";

/** The first regossip is after 5 s. The time doubles up to 5 min, so that each peer gets data a few times an hour. */
export const firstRegossipMs = 5_000;
/** The most milliseconds between two gossips of the same data. */
export const maxRegossipMs = 5 * 60_000;

interface Turn {
  readonly atMs: number;
  readonly waitMs: number;
}

/**
 * Gossips what our own clients proposed, no faster than `gossipRate`: at once, and again while it waits, since a peer
 * may have missed it. Times are milliseconds of one monotonic clock.
 */
export class Regossip {
  readonly #gossip: (data: Uint8Array) => void;
  readonly #pace: Pace;
  readonly #unsent = new Set<Digest>(); // in the order of arrival
  readonly #turnByDigest = new Map<Digest, Turn>(); // of sent data, the least recently sent first
  /** Whether some data waits for the pace. Newer data must not overtake it. */
  #isBehind = false;

  constructor(gossip: (data: Uint8Array) => void, nowMs: number) {
    this.#gossip = gossip;
    this.#pace = new Pace(gossipRate, nowMs);
  }

  /** Gossips new data at once, or later if older data waits for the pace. */
  sendNew(digest: Digest, data: Uint8Array, nowMs: number): void {
    this.#isBehind ||= this.#pace.free(nowMs) <= 0;
    if (this.#isBehind) return this.addUnsent(digest);
    this.#send(data);
    this.#addSent(digest, nowMs);
  }

  /** Makes data due, if it was not gossiped since the start. */
  addUnsent(digest: Digest): void {
    if (!this.#turnByDigest.has(digest)) this.#unsent.add(digest);
  }

  /** Call it when the data does not wait for a block any more. */
  remove(digest: Digest): void {
    this.#unsent.delete(digest);
    this.#turnByDigest.delete(digest);
  }

  /** Gossips what is due, as far as the pace allows. `read` gives the data. Throws what `read` throws. */
  sendDue(nowMs: number, read: (digest: Digest) => Uint8Array): void {
    this.#isBehind = false;
    for (const digest of this.#due(nowMs)) {
      this.#isBehind = this.#pace.free(nowMs) <= 0;
      if (this.#isBehind) return;
      this.#send(read(digest));
    }
  }

  /** The digests that are due, those never sent first. Each counts as sent when the next one is taken. */
  *#due(nowMs: number): Generator<Digest, void> {
    for (const digest of this.#unsent) {
      yield digest;
      this.#addSent(digest, nowMs);
    }
    for (const [digest, { atMs, waitMs }] of this.#turnByDigest) {
      if (atMs > nowMs) continue;
      yield digest;
      this.#addSent(digest, nowMs, Math.min(waitMs * 2, maxRegossipMs));
    }
  }

  #send(data: Uint8Array): void {
    this.#pace.spend(data.length + gossipItemBytes);
    this.#gossip(data);
  }

  /** Moves it after all others. It is due again after `waitMs`. */
  #addSent(digest: Digest, nowMs: number, waitMs = firstRegossipMs): void {
    this.remove(digest);
    this.#turnByDigest.set(digest, { atMs: nowMs + waitMs, waitMs });
  }
}
