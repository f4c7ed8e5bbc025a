import type { Digest } from "../../core/digest.ts";
import type { Proposal } from "../../core/proposal.ts";

/** What one owner has waiting, in its order. */
type Queue = Map<Digest, Proposal>;

/** What a build takes as given: the proposals that have had their turns, and their owners, in the order of these. */
export interface Served<Owner> {
  readonly digests: ReadonlySet<Digest>;
  readonly owners: readonly Owner[];
}

/** Owners that take turns; the proposals of each come in their order. */
export class OwnerRound<Owner> {
  /** In the order of the turns. No queue is empty. */
  readonly #queueByOwner = new Map<Owner, Queue>();

  get owners(): Iterable<Owner> {
    return this.#queueByOwner.keys();
  }

  /** Puts a proposal behind all others of its owner. A new owner comes behind all other owners. */
  add(owner: Owner, proposal: Proposal): void {
    this.#queueByOwner.getOrInsertComputed(owner, newQueue).set(proposal.digest, proposal);
  }

  /** Removes a proposal that has had no turn. */
  remove(owner: Owner, digest: Digest): void {
    const queue = this.#queueByOwner.get(owner);
    queue?.delete(digest);
    if (queue?.size === 0) this.#queueByOwner.delete(owner);
  }

  /** Removes a proposal that has had its turn: its owner goes behind all others. */
  serve(owner: Owner, digest: Digest): void {
    this.remove(owner, digest);
    const queue = this.#queueByOwner.get(owner);
    if (queue === undefined) return;
    this.#queueByOwner.delete(owner);
    this.#queueByOwner.set(owner, queue);
  }

  /** The next proposal, as if all `served` had had their turns. Takes a few steps for each of them. */
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

  /** The first proposal of one owner, whose turn it need not be, but for those that have had theirs. */
  firstOf(owner: Owner, served: ReadonlySet<Digest>): Proposal | undefined {
    for (const proposal of this.#queueByOwner.get(owner)?.values() ?? []) {
      if (!served.has(proposal.digest)) return proposal;
    }
    return undefined;
  }

  /** Moves an owner with all it has into another round, behind all other owners there. */
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
