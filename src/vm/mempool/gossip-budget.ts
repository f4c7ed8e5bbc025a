import type { NodeId } from "../../avalanche/node-id.ts";
import { Stakes } from "../stakes.ts";
import { Pace, type Rate } from "./pace.ts";

/** Proposals of one peer that are processed: as many as a node sends, and a burst that was delayed on the way. */
export const peerGossipRate: Rate = { perSecond: 512, burst: 2_048 };
/** Proposals of all peers together. Looking them up takes a tenth of a processor. */
export const allGossipRate: Rate = { perSecond: 4_096, burst: 8_192 };
/** The part that is divided into shares, by stake and among the peers who send. Unused shares are for all. */
const sharedRate: Rate = { perSecond: allGossipRate.perSecond, burst: allGossipRate.perSecond };
/** The most peers that can have a share. Further peers get unused shares. */
const maxSenders = 4_096;
/** A peer loses its share after this many milliseconds of silence. So no peer often gets the burst of a new one. */
export const silentAfterMs = 10_000;

interface Sender {
  /** The most that the peer gets. */
  readonly most: Pace;
  /** What it gets in any case, whatever others send. */
  readonly share: Pace;
  readonly lastMs: number;
}

/** Limits how many gossiped proposals are hashed and looked up, per peer and in all. */
export class GossipBudget {
  readonly #ofAll: Pace;
  readonly #senders = new Map<NodeId, Sender>();
  #stakes = Stakes.none;

  /** All times are milliseconds of one monotonic clock. */
  constructor(nowMs: number) {
    this.#ofAll = new Pace(allGossipRate, nowMs);
  }

  /** Divides shares by these stakes from now on. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
  }

  /** Gives how many of a peer's `proposals` may be processed now, and counts them as spent. */
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

  /** Removes the shares of silent peers. Call it now and then. */
  forgetSilent(nowMs: number): void {
    for (const [peer, { lastMs }] of this.#senders) {
      if (nowMs - lastMs >= silentAfterMs) this.#senders.delete(peer);
    }
  }
}

function newSender(nowMs: number): Sender {
  return { most: new Pace(peerGossipRate, nowMs), share: new Pace(sharedRate, nowMs), lastMs: nowMs };
}
