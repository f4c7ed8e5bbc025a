import type { NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import { maxDataBytes, type Proposal } from "../../core/proposal.ts";
import { isFairShare, type Load, Loads } from "../shares.ts";
import { type OwnedProposal, OwnerRound } from "./owner-round.ts";

/** How much a mempool may hold. */
export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** The share of the mempool that gossip may fill: peers must not be able to shut our own clients out. */
export const gossipShare = 1 / 2;
/** The share of the mempool that one peer may fill: it must not be able to shut the others out. */
export const peerShare = 1 / 4;

/** Which proposals wait for a block, whose turn it is, and whether there is room for more. The data is in the store. */
export class WaitingProposals {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, OwnedProposal>(); // in the order they came
  readonly #round = new OwnerRound();
  readonly #loadByPeer = new Loads<NodeId>();
  readonly #loadByCaller = new Loads<string | undefined>();
  #items = 0;
  #bytes = 0;

  /** Begins with all that is `stored`, in the order it came, which may be more than the limits allow. */
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

  /** The one that came first. */
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
   * Adds a proposal, behind all others of its owner. One that waits already changes its owner. Throws "data too large"
   * or "mempool full".
   */
  add(proposal: OwnedProposal): void {
    const known = this.#proposalByDigest.get(proposal.digest);
    if (known === undefined) this.#expectRoom(proposal);
    else this.#takeOut(known, "remove");
    this.#put(proposal);
  }

  /** Removes a proposal that got no block. An unknown one does not matter. */
  remove(digest: Digest): void {
    this.#delete(digest, "remove");
  }

  /** Removes a proposal that got its block: its owner goes behind all others. An unknown one does not matter. */
  serve(digest: Digest): void {
    this.#delete(digest, "serve");
  }

  /** The next proposal, as if `carried`, newest first, had got their blocks. */
  next(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#round.next(this.#inOrder(carried));
  }

  /** The same of our own clients. */
  nextOfClients(carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#round.nextOfClients(this.#inOrder(carried));
  }

  /** Whether there is room for so many bytes of a peer. */
  isRoomForGossip(bytes: number, peer: NodeId): boolean {
    const { maxItems, maxBytes } = this.#limits;
    const isRoom = ({ items, bytes: held }: Load, share: number) =>
      items < maxItems * share && held + bytes <= maxBytes * share;
    return bytes <= maxDataBytes && isRoom(this, gossipShare) && isRoom(this.#loadByPeer.of(peer), peerShare);
  }

  /** Those of the carried ones that wait here, oldest first. */
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
