import type { NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import type { Proposal } from "../../core/proposal.ts";
import { Stakes } from "../stakes.ts";
import { OwnerRound, type Served } from "./owner-round.ts";

/** A proposal with its owners: a client of this node; or the peer that sent it first, and validators that sent it. */
export interface OwnedProposal extends Proposal {
  /** The client that proposed it; undefined if none has since the start. */
  readonly caller: string | undefined;
  /** Empty if a client of this node has proposed it. */
  readonly peers: Set<NodeId>;
}

/** A proposal with its first owner: its peer, or else the client `caller`. */
export function ownedBy(proposal: Proposal, caller: string | undefined): OwnedProposal {
  return { ...proposal, caller, peers: new Set(proposal.peer === undefined ? [] : [proposal.peer]) };
}

/**
 * Decides whose proposal the next block carries. Blocks alternate between clients of this node and peers. The blocks of
 * peers are divided between validators, by stake, and other peers. Within each group, owners take turns. Who has no
 * proposal leaves the block to the others.
 */
export class Turns {
  readonly #clients = new OwnerRound<string | undefined>();
  readonly #validators = new OwnerRound<NodeId>();
  readonly #others = new OwnerRound<NodeId>();
  #stakes = Stakes.none;

  /** Sets the validators and their stakes from now on. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
    const peers = [...this.#validators.owners, ...this.#others.owners];
    for (const peer of peers) {
      const [from, to] = stakes.has(peer) ? [this.#others, this.#validators] : [this.#validators, this.#others];
      from.moveTo(to, peer);
    }
  }

  /** Adds a proposal after all others of each of its owners. */
  add(proposal: OwnedProposal): void {
    if (proposal.peer === undefined) this.#clients.add(proposal.caller, proposal);
    for (const peer of proposal.peers) this.addOf(peer, proposal);
  }

  /** Adds a proposal after all others of one peer. */
  addOf(peer: NodeId, proposal: Proposal): void {
    this.#roundOf(peer).add(peer, proposal);
  }

  /** Removes a proposal without a turn ("remove"), or after its turn: "serve" moves its owners after all others. */
  takeOut({ peer, caller, peers, digest }: OwnedProposal, how: "remove" | "serve"): void {
    if (peer === undefined) this.#clients[how](caller, digest);
    for (const owner of peers) this.#roundOf(owner)[how](owner, digest);
  }

  /**
   * The proposal for a block of this height, as if all of `carried` had had their turns, in that order. Takes time in
   * proportion to `carried`.
   */
  next(height: bigint, carried: readonly OwnedProposal[]): Proposal | undefined {
    const digests = new Set(carried.map(({ digest }) => digest));
    const isForClients = height % 2n === 0n;
    return isForClients
      ? (this.#nextOfClients(digests, carried) ?? this.#nextOfPeers(height / 2n, digests, carried))
      : (this.#nextOfPeers(height / 2n, digests, carried) ?? this.#nextOfClients(digests, carried));
  }

  #nextOfClients(digests: ReadonlySet<Digest>, carried: readonly OwnedProposal[]): Proposal | undefined {
    const owners = carried.filter(({ peer }) => peer === undefined).map(({ caller }) => caller);
    return this.#clients.next({ digests, owners });
  }

  /** Whose turn it is does not depend on who has proposals. A validator without one leaves its turn to the next. */
  #nextOfPeers(turn: bigint, digests: ReadonlySet<Digest>, carried: readonly OwnedProposal[]): Proposal | undefined {
    const served: Served<NodeId> = { digests, owners: carried.flatMap(({ peers }) => [...peers]) };
    const validator = this.#stakes.validatorOf(turn);
    if (validator === undefined) return this.#others.next(served) ?? this.#validators.next(served);
    return this.#validators.firstOf(validator, digests) ?? this.#validators.next(served) ?? this.#others.next(served);
  }

  #roundOf(peer: NodeId): OwnerRound<NodeId> {
    return this.#stakes.has(peer) ? this.#validators : this.#others;
  }
}
