import type { NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import { maxDataBytes, type Proposal } from "../../core/proposal.ts";
import { isFairShare, Loads } from "../shares.ts";
import { Stakes } from "../stakes.ts";
import { GossipRoom } from "./gossip-room.ts";
import { type OwnedProposal, ownedBy, Turns } from "./turns.ts";

export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** The part of the mempool that gossip may fill, so that peers cannot shut out our own clients. */
export const gossipShare = 1 / 2;

/** The proposals that wait for a block, whose turn it is, and the room for more. Their data is in the store. */
export class WaitingProposals {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, OwnedProposal>(); // in the order of arrival
  readonly #turns = new Turns();
  readonly #gossipRoom: GossipRoom;
  #stakes = Stakes.none;
  readonly #loadByCaller = new Loads<string | undefined>();
  #items = 0;
  #bytes = 0;

  /** Starts with all `stored` proposals, in order, even if they exceed the limits. */
  constructor(limits: MempoolLimits, stored: Iterable<Proposal>) {
    this.#limits = limits;
    this.#gossipRoom = new GossipRoom({ items: limits.maxItems * gossipShare, bytes: limits.maxBytes * gossipShare });
    for (const proposal of stored) this.#put(ownedBy(proposal, undefined));
  }

  /** Divides turns and room among peers by these stakes from now on. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
    this.#turns.setStakes(stakes);
    this.#gossipRoom.setStakes(stakes);
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The proposal that arrived first. */
  get oldest(): OwnedProposal | undefined {
    return this.#proposalByDigest.values().next().value;
  }

  get(digest: Digest): OwnedProposal | undefined {
    return this.#proposalByDigest.get(digest);
  }

  /** All proposals, in the order of arrival. */
  all(): Iterable<OwnedProposal> {
    return this.#proposalByDigest.values();
  }

  /**
   * Adds a proposal after all others of its owners. If it waits already, it changes its owners. Throws "data too large"
   * or "mempool full".
   */
  add(proposal: OwnedProposal): void {
    const known = this.#proposalByDigest.get(proposal.digest);
    if (known === undefined) this.#expectRoom(proposal);
    else this.#takeOut(known, "remove");
    this.#put(proposal);
  }

  /**
   * Makes a validator another owner of what a peer has sent. Otherwise a peer that sends the proposal first could delay
   * it. It takes room of the validator; without room, nothing happens.
   */
  share(digest: Digest, peer: NodeId): void {
    const proposal = this.#proposalByDigest.get(digest);
    if (proposal?.peer === undefined || proposal.peers.has(peer) || !this.#stakes.has(peer)) return;
    if (!this.#gossipRoom.isRoomFor(proposal.bytes, peer)) return;
    proposal.peers.add(peer);
    this.#turns.addOf(peer, proposal);
    this.#gossipRoom.add(peer, 1, proposal.bytes);
  }

  /** Removes a proposal that got no block. Ignores an unknown one. */
  remove(digest: Digest): void {
    this.#delete(digest, "remove");
  }

  /** Removes a proposal that got its block. Its owners move after all others. Ignores an unknown one. */
  serve(digest: Digest): void {
    this.#delete(digest, "serve");
  }

  /** The next proposal for a block of this height, as if `carried`, newest first, had got their blocks. */
  next(height: bigint, carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#turns.next(height, this.#inOrder(carried));
  }

  /** Whether there is room for a proposal of a peer, of this many bytes. */
  isRoomForGossip(bytes: number, peer: NodeId): boolean {
    const { maxItems, maxBytes } = this.#limits;
    if (bytes > maxDataBytes || this.#items >= maxItems || this.#bytes + bytes > maxBytes) return false;
    return this.#gossipRoom.isRoomFor(bytes, peer);
  }

  /** The carried proposals that wait here, oldest first. */
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
    this.#proposalByDigest.set(proposal.digest, proposal); // a known one keeps its place
    this.#turns.add(proposal);
    this.#count(proposal, 1);
  }

  #delete(digest: Digest, how: "remove" | "serve"): void {
    const proposal = this.#proposalByDigest.get(digest);
    if (proposal === undefined) return;
    this.#proposalByDigest.delete(digest);
    this.#takeOut(proposal, how);
  }

  #takeOut(proposal: OwnedProposal, how: "remove" | "serve"): void {
    this.#turns.takeOut(proposal, how);
    this.#count(proposal, -1);
  }

  #count({ peers, caller, bytes }: OwnedProposal, items: 1 | -1): void {
    this.#items += items;
    this.#bytes += items * bytes;
    for (const peer of peers) this.#gossipRoom.add(peer, items, items * bytes);
    if (caller !== undefined) this.#loadByCaller.add(caller, items, items * bytes);
  }
}
