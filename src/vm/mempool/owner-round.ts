import type { Digest } from "../../core/digest.ts";
import type { Proposal } from "../../core/proposal.ts";

/** A proposal with its owner: the peer that sent it, else the client that proposed it, else nobody that is known. */
export interface OwnedProposal extends Proposal {
  /** The client that proposed it; undefined where none has since the start. */
  readonly caller: string | undefined;
}

/** Proposals in the order of their turns: owners take turns, and the proposals of each come in their order. */
export class OwnerRound {
  readonly #queueByOwner = new Map<string, Map<Digest, OwnedProposal>>(); // no queue is empty
  /** All owners, in the order of their turns. */
  readonly #owners = new Set<string>();
  /** The owners that are clients of this node, in the order of their turns. */
  readonly #clients = new Set<string>();

  /** Puts a proposal behind all others of its owner. A new owner comes behind all other owners. */
  add(proposal: OwnedProposal): void {
    const owner = ownerOf(proposal);
    this.#queueByOwner.getOrInsertComputed(owner, newQueue).set(proposal.digest, proposal);
    for (const order of this.#ordersOf(proposal)) order.add(owner);
  }

  /** Removes a proposal that has had no turn. */
  remove(proposal: OwnedProposal): void {
    const owner = ownerOf(proposal);
    const queue = this.#queueByOwner.get(owner);
    queue?.delete(proposal.digest);
    if (queue?.size !== 0) return;
    this.#queueByOwner.delete(owner);
    for (const order of this.#ordersOf(proposal)) order.delete(owner);
  }

  /** Removes a proposal that has had its turn: its owner goes behind all others. */
  serve(proposal: OwnedProposal): void {
    this.remove(proposal);
    const owner = ownerOf(proposal);
    if (!this.#queueByOwner.has(owner)) return;
    for (const order of this.#ordersOf(proposal)) putLast(order, owner);
  }

  /** The next proposal, as if all `carried` had had their turns, in that order. Takes a few steps for each of them. */
  next(carried: readonly OwnedProposal[]): Proposal | undefined {
    return this.#next(this.#owners, carried);
  }

  /** The next proposal of our own clients, by their own turns. */
  nextOfClients(carried: readonly OwnedProposal[]): Proposal | undefined {
    return this.#next(this.#clients, carried.filter(isOfClient));
  }

  #next(owners: ReadonlySet<string>, carried: readonly OwnedProposal[]): Proposal | undefined {
    const served = new Set<string>();
    for (const proposal of carried) putLast(served, ownerOf(proposal));
    const gone = new Set(carried.map(({ digest }) => digest));
    for (const owner of owners) {
      if (!served.has(owner)) return this.#firstOf(owner, gone);
    }
    for (const owner of served) {
      const proposal = this.#firstOf(owner, gone);
      if (proposal !== undefined) return proposal;
    }
    return undefined;
  }

  #firstOf(owner: string, gone: ReadonlySet<Digest>): Proposal | undefined {
    for (const proposal of this.#queueByOwner.get(owner)?.values() ?? []) {
      if (!gone.has(proposal.digest)) return proposal;
    }
    return undefined;
  }

  #ordersOf(proposal: OwnedProposal): readonly Set<string>[] {
    return isOfClient(proposal) ? [this.#owners, this.#clients] : [this.#owners];
  }
}

function isOfClient({ peer }: Proposal): boolean {
  return peer === undefined;
}

/** The first word keeps callers and peers apart. */
function ownerOf({ peer, caller }: OwnedProposal): string {
  if (peer !== undefined) return `peer ${peer}`;
  return caller === undefined ? "nobody" : `caller ${caller}`;
}

function putLast<T>(order: Set<T>, item: T): void {
  order.delete(item);
  order.add(item);
}

function newQueue(): Map<Digest, OwnedProposal> {
  return new Map();
}
