import type { NodeId } from "../../avalanche/node-id.ts";
import { Stakes } from "../stakes.ts";
import { Pace, type Rate } from "./pace.ts";

/** Proposals of one peer that are looked at: as many as a node sends, and a burst that was held up on the way. */
export const peerGossipRate: Rate = { perSecond: 512, burst: 2_048 };
/** Proposals of all peers together: looking them up takes a tenth of a processor. */
export const allGossipRate: Rate = { perSecond: 4_096, burst: 8_192 };
/** What of it is divided into shares: by stake, and among the peers who send. What a peer does not use is for all. */
const sharedRate: Rate = { perSecond: allGossipRate.perSecond, burst: allGossipRate.perSecond };
/** How many peers can have a share at a time. More than these get what is left over. */
const maxSenders = 4_096;
/** Milliseconds of silence after which a peer loses its share. No peer can often get the burst of a new one. */
export const silentAfterMs = 10_000;

interface Sender {
  /** What the peer may have at most. */
  readonly most: Pace;
  /** What it gets in any case, however much others send. */
  readonly share: Pace;
  readonly lastMs: number;
}

/** Limits how many gossiped proposals are hashed and looked up, whoever sends them. */
export class GossipBudget {
  readonly #ofAll: Pace;
  readonly #senders = new Map<NodeId, Sender>();
  #stakes = Stakes.none;

  /** All times are milliseconds of one steady clock. */
  constructor(nowMs: number) {
    this.#ofAll = new Pace(allGossipRate, nowMs);
  }

  /** From now on the shares are these. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
  }

  /** How many of a peer's `proposals` may be looked at now. They count as spent. */
  take(proposals: number, peer: NodeId, nowMs: number): number {
    const known = this.#senders.get(peer);
    const { most, share } = known ?? newSender(nowMs);
    const senders = this.#senders.size + (known === undefined ? 1 : 0);
    const part = this.#stakes.reservedFor(peer) + this.#stakes.common / senders;
    const isListed = known !== undefined || this.#senders.size < maxSenders;
    const ensured = isListed ? Math.floor(share.free(nowMs, part)) : 0;
    const spare = Math.floor(this.#ofAll.free(nowMs));
    const taken = Math.min(proposals, Math.floor(most.free(nowMs)), Math.max(ensured, spare));
    if (taken <= 0) return 0;
    if (isListed) this.#senders.set(peer, { most, share, lastMs: nowMs });
    most.spend(taken);
    share.spend(Math.min(taken, ensured));
    this.#ofAll.spend(taken);
    return taken;
  }

  /** How many peers have a share. */
  get peers(): number {
    return this.#senders.size;
  }

  /** To be called now and then: takes the shares of silent peers away. */
  forgetSilent(nowMs: number): void {
    for (const [peer, { lastMs }] of this.#senders) {
      if (nowMs - lastMs >= silentAfterMs) this.#senders.delete(peer);
    }
  }
}

function newSender(nowMs: number): Sender {
  return { most: new Pace(peerGossipRate, nowMs), share: new Pace(sharedRate, nowMs), lastMs: nowMs };
}
