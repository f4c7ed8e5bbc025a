import type { NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import { maxDataBytes, type Proposal } from "../../core/proposal.ts";
import { isFairShare, type Load, Loads } from "../shares.ts";
import { type OwnedProposal, OwnerRound } from "./owner-round.ts";

/** Of a whole mempool. */
export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Gossip fills the mempool up to this share only: peers must not be able to shut our own clients out. */
export const gossipShare = 1 / 2;
/** What one peer may fill of it: it must not be able to shut the others out. */
export const peerShare = 1 / 4;

/** Which proposals wait for a block, whose turn it is, and how much they may be; the data is in the store. */
export class WaitingProposals {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, OwnedProposal>(); // in the order they came
  readonly #round = new OwnerRound();
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

  get oldest(): OwnedProposal | undefined {
    return this.#proposalByDigest.values().next().value;
  }

  get(digest: Digest): OwnedProposal | undefined {
    return this.#proposalByDigest.get(digest);
  }

  /** In the order they came. */
  all(): Iterable<OwnedProposal> {
    return this.#proposalByDigest.values();
  }

  /**
   * Takes one that is not there, or gives one that is there to its new owner, behind all that this one has. Throws "data
   * too large" or "mempool full".
   */
  add(proposal: OwnedProposal): void {
    const known = this.#proposalByDigest.get(proposal.digest);
    if (known === undefined) this.#expectRoom(proposal);
    else this.#takeOut(known, "remove");
    this.#put(proposal);
  }

  /** Drops one for which there was no block. What is not there does not matter. */
  remove(digest: Digest): void {
    this.#delete(digest, "remove");
  }

  /** Takes one out that a block carries now: its owner goes behind all others. What is not there does not matter. */
  serve(digest: Digest): void {
    this.#delete(digest, "serve");
  }

  /** What comes next, of all owners, as if `carried`, newest first, had gone already. */
  next(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#round.next(this.#inOrder(carried));
  }

  /** What comes next of our own clients. */
  nextOfClients(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#round.nextOfClients(this.#inOrder(carried));
  }

  /** Whether so much data of a peer would be taken, if it is new. */
  isRoomForGossip(bytes: number, peer: NodeId): boolean {
    const { maxItems, maxBytes } = this.#limits;
    const isRoom = ({ items, bytes: held }: Load, share: number) =>
      items < maxItems * share && held + bytes <= maxBytes * share;
    return bytes <= maxDataBytes && isRoom(this, gossipShare) && isRoom(this.#loadByPeer.of(peer), peerShare);
  }

  /** Those of them that wait here, oldest first. */
  #inOrder(carried: ReadonlySet<Digest>): OwnedProposal[] {
    return [...carried].reverse().flatMap((digest) => this.#proposalByDigest.get(digest) ?? []);
  }

  #expectRoom({ bytes, peer, caller }: OwnedProposal): void {
    if (bytes > maxDataBytes) throw new ChainError({ code: "data too large", bytes, maxBytes: maxDataBytes });
    const isRoom = peer === undefined ? this.#isRoomForCaller(bytes, caller) : this.isRoomForGossip(bytes, peer);
    if (!isRoom) throw new ChainError({ code: "mempool full", items: this.items, bytes: this.bytes });
  }

  #isRoomForCaller(bytes: number, caller: string | undefined): boolean {
    const own = this.#loadByCaller.of(caller);
    const free = { items: this.#limits.maxItems - this.#items, bytes: this.#limits.maxBytes - this.#bytes };
    return isFairShare(own.items, 1, free.items) && isFairShare(own.bytes, bytes, free.bytes);
  }

  #put(proposal: OwnedProposal): void {
    this.#proposalByDigest.set(proposal.digest, proposal); // one that is there keeps its place
    this.#round.add(proposal);
    this.#count(proposal, 1);
  }

  #delete(digest: Digest, how: "remove" | "serve"): void {
    const proposal = this.#proposalByDigest.get(digest);
    if (proposal === undefined) return;
    this.#proposalByDigest.delete(digest);
    this.#takeOut(proposal, how);
  }

  #takeOut(proposal: OwnedProposal, how: "remove" | "serve"): void {
    this.#round[how](proposal);
    this.#count(proposal, -1);
  }

  #count({ peer, caller, bytes }: OwnedProposal, items: 1 | -1): void {
    this.#items += items;
    this.#bytes += items * bytes;
    if (peer !== undefined) this.#loadByPeer.add(peer, items, items * bytes);
    else if (caller !== undefined) this.#loadByCaller.add(caller, items, items * bytes);
  }
}
