import type { Digest } from "../../core/digest.ts";
import { gossipItemBytes, gossipRate, Pace } from "./pace.ts";

/** First regossip after 5 s, doubling up to 5 min, so that each peer gets it a few times an hour at most. */
export const firstRegossipMs = 5_000;
/** The longest time between two gossips of the same data, milliseconds. */
export const maxRegossipMs = 5 * 60_000;

interface Turn {
  readonly atMs: number;
  readonly waitMs: number;
}

/**
 * Gossips what our own clients proposed: at once, and again while it waits, since a peer may have missed it; all of it
 * no faster than `gossipRate`. Times are milliseconds of one steady clock.
 */
export class Regossip {
  readonly #gossip: (data: Uint8Array) => void;
  readonly #pace: Pace;
  readonly #unsent = new Set<Digest>(); // in the order they came
  readonly #turnByDigest = new Map<Digest, Turn>(); // of those sent, the least recently sent first
  /** Whether something had to wait for the pace: newer data must not overtake it. */
  #isBehind = false;

  constructor(gossip: (data: Uint8Array) => void, nowMs: number) {
    this.#gossip = gossip;
    this.#pace = new Pace(gossipRate, nowMs);
  }

  /** Gossips new data at once; later, where older data waits for the pace. */
  sendNew(digest: Digest, data: Uint8Array, nowMs: number): void {
    this.#isBehind ||= this.#pace.free(nowMs) <= 0;
    if (this.#isBehind) return this.addUnsent(digest);
    this.#send(data);
    this.#addSent(digest, nowMs);
  }

  /** Makes data due that was not gossiped since the start. */
  addUnsent(digest: Digest): void {
    if (!this.#turnByDigest.has(digest)) this.#unsent.add(digest);
  }

  /** To be called when the data waits for a block no more. */
  remove(digest: Digest): void {
    this.#unsent.delete(digest);
    this.#turnByDigest.delete(digest);
  }

  /** Gossips what is due, as far as the pace allows. `read` gives the data. Throws what that throws. */
  sendDue(nowMs: number, read: (digest: Digest) => Uint8Array): void {
    this.#isBehind = false;
    for (const digest of this.#due(nowMs)) {
      this.#isBehind = this.#pace.free(nowMs) <= 0;
      if (this.#isBehind) return;
      this.#send(read(digest));
    }
  }

  /** Those that are due, those never sent first. Each counts as sent when the next one is asked for. */
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

  /** Puts it behind all others, due again after `waitMs`. */
  #addSent(digest: Digest, nowMs: number, waitMs = firstRegossipMs): void {
    this.remove(digest);
    this.#turnByDigest.set(digest, { atMs: nowMs + waitMs, waitMs });
  }
}
