import type { Digest } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import type { NodeId } from "../core/node-id.ts";
import { maxDataBytes, type Proposal } from "../core/proposal.ts";
import { isFairShare, type Load, Loads } from "./shares.ts";

/** Of a whole mempool. */
export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Gossip fills the mempool up to this share only: peers must not be able to shut our own clients out. */
export const gossipShare = 1 / 2;
/** What one peer may fill of it: it must not be able to shut the others out. */
export const peerShare = 1 / 4;

/** One of them, as it is known in memory. */
export interface WaitingProposal extends Proposal {
  /** Which client it is of, where one has proposed it since the start. */
  readonly caller: string | undefined;
}

/** Which proposals wait for a block, first come, first served, and how much they may be; the data is in the store. */
export class WaitingProposals {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, WaitingProposal>(); // in the order they came
  readonly #loadByPeer = new Loads<NodeId>();
  readonly #loadByCaller = new Loads<string | undefined>();
  #items = 0;
  #bytes = 0;

  /** `stored` is what the store holds, in the order it came; it may be more than the limits allow. */
  constructor(limits: MempoolLimits, stored: Iterable<Proposal>) {
    this.#limits = limits;
    for (const proposal of stored) this.#put({ ...proposal, caller: undefined });
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): WaitingProposal | undefined {
    return this.#proposalByDigest.values().next().value;
  }

  get(digest: Digest): WaitingProposal | undefined {
    return this.#proposalByDigest.get(digest);
  }

  /** In the order they came. */
  all(): Iterable<WaitingProposal> {
    return this.#proposalByDigest.values();
  }

  /** Takes one that is not there, or gives one that is there to its new owner. Throws "data too large" or "mempool full". */
  add(proposal: WaitingProposal): void {
    const known = this.#proposalByDigest.get(proposal.digest);
    if (known === undefined) this.#expectRoom(proposal);
    else this.#count(known, -1);
    this.#put(proposal);
  }

  remove(digest: Digest): void {
    const proposal = this.#proposalByDigest.get(digest);
    if (proposal === undefined) return;
    this.#proposalByDigest.delete(digest);
    this.#count(proposal, -1);
  }

  /** The oldest proposal that is not among `carried`. */
  first(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#find(({ digest }) => !carried.has(digest));
  }

  /** The oldest of our own clients' proposals that is not among `carried`. */
  firstOwn(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#find(({ digest, peer }) => peer === undefined && !carried.has(digest));
  }

  /** Whether so much data of a peer would be taken, if it is new. */
  isRoomForGossip(bytes: number, peer: NodeId): boolean {
    const { maxItems, maxBytes } = this.#limits;
    const isRoom = ({ items, bytes: held }: Load, share: number) =>
      items < maxItems * share && held + bytes <= maxBytes * share;
    return bytes <= maxDataBytes && isRoom(this, gossipShare) && isRoom(this.#loadByPeer.of(peer), peerShare);
  }

  #find(isWanted: (proposal: Proposal) => boolean): Proposal | undefined {
    for (const proposal of this.#proposalByDigest.values()) if (isWanted(proposal)) return proposal;
    return undefined;
  }

  #expectRoom({ bytes, peer, caller }: WaitingProposal): void {
    if (bytes > maxDataBytes) throw new VmError({ code: "data too large", bytes, maxBytes: maxDataBytes });
    const isRoom = peer === undefined ? this.#isRoomForCaller(bytes, caller) : this.isRoomForGossip(bytes, peer);
    if (!isRoom) throw new VmError({ code: "mempool full", items: this.items, bytes: this.bytes });
  }

  #isRoomForCaller(bytes: number, caller: string | undefined): boolean {
    const own = this.#loadByCaller.of(caller);
    const free = { items: this.#limits.maxItems - this.#items, bytes: this.#limits.maxBytes - this.#bytes };
    return isFairShare(own.items, 1, free.items) && isFairShare(own.bytes, bytes, free.bytes);
  }

  #put(proposal: WaitingProposal): void {
    this.#proposalByDigest.set(proposal.digest, proposal);
    this.#count(proposal, 1);
  }

  #count({ peer, caller, bytes }: WaitingProposal, items: 1 | -1): void {
    this.#items += items;
    this.#bytes += items * bytes;
    if (peer !== undefined) this.#loadByPeer.add(peer, items, items * bytes);
    else if (caller !== undefined) this.#loadByCaller.add(caller, items, items * bytes);
  }
}
