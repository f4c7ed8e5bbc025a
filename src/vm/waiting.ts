import type { Digest } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import type { NodeId } from "../core/node-id.ts";
import { maxDataBytes, type Proposal } from "../core/proposal.ts";

/** Of a whole mempool. */
export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Gossip fills the mempool up to this share only: peers must not be able to shut our own clients out. */
export const gossipShare = 1 / 2;
/** What one peer may fill of it: it must not be able to shut the others out. */
export const peerShare = 1 / 4;

/** Which proposals wait for a block, first come, first served, and how much they may be; the data is in the store. */
export class WaitingProposals {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, Proposal>(); // in the order they came
  readonly #loadByPeer = new Map<NodeId, Load>();
  #load: Load = empty;

  /** `stored` is what the store holds, in the order it came; it may be more than the limits allow. */
  constructor(limits: MempoolLimits, stored: Iterable<Proposal>) {
    this.#limits = limits;
    for (const proposal of stored) this.#put(proposal);
  }

  get items(): number {
    return this.#load.items;
  }

  get bytes(): number {
    return this.#load.bytes;
  }

  get oldest(): Proposal | undefined {
    return this.#proposalByDigest.values().next().value;
  }

  get(digest: Digest): Proposal | undefined {
    return this.#proposalByDigest.get(digest);
  }

  /** In the order they came. */
  all(): Iterable<Proposal> {
    return this.#proposalByDigest.values();
  }

  /** Takes one that is not there, or gives one that is there to its new peer. Throws "data too large" or "mempool full". */
  add(proposal: Proposal): void {
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

  #find(isWanted: (proposal: Proposal) => boolean): Proposal | undefined {
    for (const proposal of this.#proposalByDigest.values()) if (isWanted(proposal)) return proposal;
    return undefined;
  }

  #expectRoom({ bytes, peer }: Proposal): void {
    if (bytes > maxDataBytes) throw new VmError({ code: "data too large", bytes, maxBytes: maxDataBytes });
    const isRoom =
      peer === undefined
        ? this.#isRoom(this.#load, bytes, 1)
        : this.#isRoom(this.#load, bytes, gossipShare) && this.#isRoom(this.#loadOf(peer), bytes, peerShare);
    if (!isRoom) throw new VmError({ code: "mempool full", items: this.items, bytes: this.bytes });
  }

  /** Whether one more proposal of so many bytes leaves a load within a share of the limits. */
  #isRoom(load: Load, bytes: number, share: number): boolean {
    return load.items < this.#limits.maxItems * share && load.bytes + bytes <= this.#limits.maxBytes * share;
  }

  #put(proposal: Proposal): void {
    this.#proposalByDigest.set(proposal.digest, proposal);
    this.#count(proposal, 1);
  }

  #count({ peer, bytes }: Proposal, items: 1 | -1): void {
    this.#load = plus(this.#load, items, items * bytes);
    if (peer === undefined) return;
    const load = plus(this.#loadOf(peer), items, items * bytes);
    if (load.items === 0) this.#loadByPeer.delete(peer);
    else this.#loadByPeer.set(peer, load);
  }

  #loadOf(peer: NodeId): Load {
    return this.#loadByPeer.get(peer) ?? empty;
  }
}

interface Load {
  readonly items: number;
  readonly bytes: number;
}

const empty: Load = { items: 0, bytes: 0 };

function plus(load: Load, items: number, bytes: number): Load {
  return { items: load.items + items, bytes: load.bytes + bytes };
}
