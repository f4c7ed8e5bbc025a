import type { Digest } from "../../core/digest.ts";
import type { Proposal } from "../../core/proposal.ts";

/** The waiting proposals of one owner, in order. */
type Queue = Map<Digest, Proposal>;

/** Proposals that a build counts as served, since processing blocks carry them, and their owners in that order. */
export interface Served<Owner> {
  readonly digests: ReadonlySet<Digest>;
  readonly owners: readonly Owner[];
}

/** Owners that take turns. The proposals of each owner come in order. */
export class OwnerRound<Owner> {
  /** In the order of turns. No queue is empty. */
  readonly #queueByOwner = new Map<Owner, Queue>();

  get owners(): Iterable<Owner> {
    return this.#queueByOwner.keys();
  }

  /** Adds a proposal after all others of its owner. A new owner comes after all other owners. */
  add(owner: Owner, proposal: Proposal): void {
    this.#queueByOwner.getOrInsertComputed(owner, newQueue).set(proposal.digest, proposal);
  }

  /** Removes a proposal that has had no turn. */
  remove(owner: Owner, digest: Digest): void {
    const queue = this.#queueByOwner.get(owner);
    queue?.delete(digest);
    if (queue?.size === 0) this.#queueByOwner.delete(owner);
  }

  /** Removes a proposal that has had its turn. Its owner moves after all others. */
  serve(owner: Owner, digest: Digest): void {
    this.remove(owner, digest);
    const queue = this.#queueByOwner.get(owner);
    if (queue === undefined) return;
    this.#queueByOwner.delete(owner);
    this.#queueByOwner.set(owner, queue);
  }

  /** The next proposal, as if all `served` had had their turns. Takes time in proportion to `served`. */
  next({ digests, owners }: Served<Owner>): Proposal | undefined {
    const served = new Set<Owner>();
    for (const owner of owners) {
      served.delete(owner);
      served.add(owner);
    }
    for (const owner of this.owners) {
      if (!served.has(owner)) return this.firstOf(owner, digests);
    }
    for (const owner of served) {
      const proposal = this.firstOf(owner, digests);
      if (proposal !== undefined) return proposal;
    }
    return undefined;
  }

  /** The first proposal of an owner that is not in `served`, whether or not it is the owner's turn. */
  firstOf(owner: Owner, served: ReadonlySet<Digest>): Proposal | undefined {
    for (const proposal of this.#queueByOwner.get(owner)?.values() ?? []) {
      if (!served.has(proposal.digest)) return proposal;
    }
    return undefined;
  }

  /** Moves an owner with its proposals into another round, after all other owners there. */
  moveTo(round: OwnerRound<Owner>, owner: Owner): void {
    const queue = this.#queueByOwner.get(owner);
    if (queue === undefined) return;
    this.#queueByOwner.delete(owner);
    round.#queueByOwner.set(owner, queue);
  }
}

function newQueue(): Queue {
  return new Map();
}
