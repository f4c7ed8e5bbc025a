import type { NodeId } from "../../avalanche/node-id.ts";
import type { Digest } from "../../core/digest.ts";
import type { Proposal } from "../../core/proposal.ts";
import { Stakes } from "../stakes.ts";
import { OwnerRound, type Served } from "./owner-round.ts";

/** A proposal with its owners: a client of this node, or else the peer that sent it first and validators that did. */
export interface OwnedProposal extends Proposal {
  /** The client that proposed it; undefined where none has since the start. */
  readonly caller: string | undefined;
  /** Empty where a client of this node has proposed it. */
  readonly peers: Set<NodeId>;
}

/** A proposal with its first owner: the peer that it names, else the client that is called `caller`. */
export function ownedBy(proposal: Proposal, caller: string | undefined): OwnedProposal {
  return { ...proposal, caller, peers: new Set(proposal.peer === undefined ? [] : [proposal.peer]) };
}

/**
 * Whose proposal the next block carries. Blocks take turns between the clients of this node and its peers, and those of
 * peers between validators, by stake, and others; within each, owners go round. Who has nothing leaves the block to the
 * others.
 */
export class Turns {
  readonly #clients = new OwnerRound<string | undefined>();
  readonly #validators = new OwnerRound<NodeId>();
  readonly #others = new OwnerRound<NodeId>();
  #stakes = Stakes.none;

  /** From now on these are the validators. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
    const peers = [...this.#validators.owners, ...this.#others.owners];
    for (const peer of peers) {
      const [from, to] = stakes.has(peer) ? [this.#others, this.#validators] : [this.#validators, this.#others];
      from.moveTo(to, peer);
    }
  }

  /** Puts a proposal behind all others of each of its owners. */
  add(proposal: OwnedProposal): void {
    if (proposal.peer === undefined) this.#clients.add(proposal.caller, proposal);
    for (const peer of proposal.peers) this.addOf(peer, proposal);
  }

  /** Puts a proposal behind all others of one peer. */
  addOf(peer: NodeId, proposal: Proposal): void {
    this.#roundOf(peer).add(peer, proposal);
  }

  /** Removes a proposal that has had no turn, or one that has: its owners go behind all others then. */
  takeOut({ peer, caller, peers, digest }: OwnedProposal, how: "remove" | "serve"): void {
    if (peer === undefined) this.#clients[how](caller, digest);
    for (const owner of peers) this.#roundOf(owner)[how](owner, digest);
  }

  /**
   * What a block of this height carries, as if all of `carried` had had their turns, in that order. Takes a few steps
   * for each of them.
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

  /** The turn of a validator that has nothing is that of the next one, and does not depend on who has something. */
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
