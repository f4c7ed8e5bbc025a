import type { NodeId } from "../../avalanche/node-id.ts";
import { isFairShare, type Load, Loads } from "../shares.ts";
import { Stakes } from "../stakes.ts";

/**
 * Limits how much gossip of each peer is kept. Each validator has room of its own, by its stake. What a peer holds
 * beyond that takes a fair share of the common room. So no number of other peers can take a validator's room.
 */
export class GossipRoom {
  readonly #max: Load;
  readonly #loadByPeer = new Loads<NodeId>();
  #stakes = Stakes.none;
  /** What peers hold beyond their own room. */
  #beyond: Load = { items: 0, bytes: 0 };

  /** `max` is the room for all gossip. */
  constructor(max: Load) {
    this.#max = max;
  }

  /** Divides the room by these stakes from now on. What peers hold already stays, even if it is too much now. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
    this.#beyond = { items: 0, bytes: 0 };
    for (const peer of this.#loadByPeer.owners) this.#count(peer, 1);
  }

  /** Whether there is room for one more item of a peer, of this many bytes. */
  isRoomFor(bytes: number, peer: NodeId): boolean {
    return this.#fits(peer, "items", 1) && this.#fits(peer, "bytes", bytes);
  }

  /** Negative numbers subtract. */
  add(peer: NodeId, items: number, bytes: number): void {
    this.#count(peer, -1);
    this.#loadByPeer.add(peer, items, bytes);
    this.#count(peer, 1);
  }

  #fits(peer: NodeId, unit: keyof Load, more: number): boolean {
    const held = this.#loadByPeer.of(peer)[unit];
    const [before, after] = [this.#beyondOf(peer, unit, held), this.#beyondOf(peer, unit, held + more)];
    const free = this.#max[unit] * this.#stakes.common - this.#beyond[unit];
    return after === before || isFairShare(before, after - before, free);
  }

  /** How much of `held` exceeds the peer's own room. */
  #beyondOf(peer: NodeId, unit: keyof Load, held: number): number {
    return Math.max(0, held - Math.floor(this.#max[unit] * this.#stakes.reservedFor(peer)));
  }

  #count(peer: NodeId, sign: 1 | -1): void {
    const { items, bytes } = this.#loadByPeer.of(peer);
    this.#beyond = {
      items: this.#beyond.items + sign * this.#beyondOf(peer, "items", items),
      bytes: this.#beyond.bytes + sign * this.#beyondOf(peer, "bytes", bytes),
    };
  }
}
