import type { NodeId } from "../core/node-id.ts";
import { Pace, type Rate } from "./pace.ts";

/** Proposals of one peer that are looked at: as many as a node sends, and what was held up on the way with them. */
export const peerGossipRate: Rate = { perSecond: 512, burst: 2_048 };
/** Proposals of all peers together: to look them all up takes a tenth of a processor. */
export const allGossipRate: Rate = { perSecond: 4_096, burst: 8_192 };

/** How many gossiped proposals are hashed and looked up, whoever sends how many. */
export class GossipBudget {
  readonly #ofAll: Pace;
  readonly #ofPeer = new Map<NodeId, Pace>();

  /** All times are milliseconds of one steady clock. */
  constructor(nowMs: number) {
    this.#ofAll = new Pace(allGossipRate, nowMs);
  }

  /** How many of so many proposals of a peer may be looked at now: these are spent. */
  take(proposals: number, peer: NodeId, nowMs: number): number {
    const pace = this.#ofPeer.get(peer) ?? new Pace(peerGossipRate, nowMs);
    const taken = Math.min(proposals, Math.floor(pace.free(nowMs)), Math.floor(this.#ofAll.free(nowMs)));
    if (taken <= 0) return 0;
    this.#ofPeer.set(peer, pace);
    pace.spend(taken);
    this.#ofAll.spend(taken);
    return taken;
  }

  /** How many peers are known: those who have sent something in the last seconds. */
  get peers(): number {
    return this.#ofPeer.size;
  }

  /** To be called now and then: who may send as much as anyone is forgotten. */
  forgetSilent(nowMs: number): void {
    for (const [peer, pace] of this.#ofPeer) {
      if (pace.free(nowMs) >= peerGossipRate.burst) this.#ofPeer.delete(peer);
    }
  }
}
