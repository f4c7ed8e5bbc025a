import type { NodeId } from "../../avalanche/node-id.ts";
import { Pace, type Rate } from "./pace.ts";

/** Proposals of one peer that are looked at: as many as a node sends, and what was held up on the way with them. */
export const peerGossipRate: Rate = { perSecond: 512, burst: 2_048 };
/** Proposals of all peers together: to look them all up takes a tenth of a processor. */
export const allGossipRate: Rate = { perSecond: 4_096, burst: 8_192 };
/** What is kept of it for those who send: each has an equal share, and what one leaves is for all. */
const sharedRate: Rate = { perSecond: allGossipRate.perSecond, burst: allGossipRate.perSecond };
/** A peer has a share until it was silent for so long: nobody gets the burst of a new one often. */
export const silentAfterMs = 10_000;

interface Sender {
  /** What it may have at most. */
  readonly most: Pace;
  /** What it has in any case, whatever the others send. */
  readonly share: Pace;
  readonly lastMs: number;
}

/** How many gossiped proposals are hashed and looked up, whoever sends how many. */
export class GossipBudget {
  readonly #ofAll: Pace;
  readonly #senders = new Map<NodeId, Sender>();

  /** All times are milliseconds of one steady clock. */
  constructor(nowMs: number) {
    this.#ofAll = new Pace(allGossipRate, nowMs);
  }

  /** How many of so many proposals of a peer may be looked at now: these are spent. */
  take(proposals: number, peer: NodeId, nowMs: number): number {
    const known = this.#senders.get(peer);
    const { most, share } = known ?? newSender(nowMs);
    const ensured = Math.floor(share.free(nowMs, this.#senders.size + (known === undefined ? 1 : 0)));
    const spare = Math.floor(this.#ofAll.free(nowMs));
    const taken = Math.min(proposals, Math.floor(most.free(nowMs)), Math.max(ensured, spare));
    if (taken <= 0) return 0;
    this.#senders.set(peer, { most, share, lastMs: nowMs });
    most.spend(taken);
    share.spend(Math.min(taken, ensured));
    this.#ofAll.spend(taken);
    return taken;
  }

  /** How many peers are known: those of whom something was looked at in the last seconds. */
  get peers(): number {
    return this.#senders.size;
  }

  /** To be called now and then: who is silent has no share. */
  forgetSilent(nowMs: number): void {
    for (const [peer, { lastMs }] of this.#senders) {
      if (nowMs - lastMs >= silentAfterMs) this.#senders.delete(peer);
    }
  }
}

function newSender(nowMs: number): Sender {
  return { most: new Pace(peerGossipRate, nowMs), share: new Pace(sharedRate, nowMs), lastMs: nowMs };
}
