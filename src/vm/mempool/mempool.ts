import type { NodeId } from "../../avalanche/node-id.ts";
import { type Digest, digestOf } from "../../core/digest.ts";
import { type ChainError, expectChainError } from "../../core/errors.ts";
import type { Proposal, Submission } from "../../core/proposal.ts";
import type { ProposalTable, StoredProposal } from "../../store/proposal-table.ts";
import { type Clock, timeOfRow } from "../clock.ts";
import type { VmOptions } from "../options.ts";
import type { Stakes } from "../stakes.ts";
import type { MempoolStatus, ProposalCounts } from "../status.ts";
import { GossipBudget } from "./gossip-budget.ts";
import { Regossip } from "./regossip.ts";
import { type OwnedProposal, ownedBy } from "./turns.ts";
import { WaitingProposals } from "./waiting-proposals.ts";

/** The most expired proposals that one tick drops: a transaction of some milliseconds. */
export const maxExpiredPerTick = 500;

/**
 * The proposals that wait for a block. A proposal is on disk before it is acknowledged. It stays while blocks with it
 * are built, verified or rejected, and is removed only by the transaction that accepts a block with it.
 */
export class Mempool {
  readonly #table: ProposalTable;
  readonly #clock: Clock;
  readonly #onAdded: (wasEmpty: boolean) => void;
  readonly #expirySeconds: bigint;
  readonly #waiting: WaitingProposals;
  readonly #regossip: Regossip;
  readonly #budget: GossipBudget;
  readonly #counts = { submitted: 0, received: 0, gossiped: 0, refused: 0, expired: 0 };

  /**
   * Starts with what the table holds. `onAdded` is called after proposals were added, with whether the mempool was
   * empty before. Throws "database failed".
   */
  constructor(table: ProposalTable, { config, clock, gossip }: VmOptions, onAdded: (wasEmpty: boolean) => void) {
    this.#table = table;
    this.#clock = clock;
    this.#onAdded = onAdded;
    this.#expirySeconds = BigInt(config.proposalExpirySeconds);
    this.#waiting = new WaitingProposals(
      { maxItems: config.maxMempoolItems, maxBytes: config.maxMempoolBytes },
      table.readAll().map(withoutData),
    );
    this.#regossip = new Regossip(gossip, clock.elapsedMs());
    for (const { digest, peer } of this.#waiting.all()) {
      if (peer === undefined) this.#regossip.addUnsent(digest);
    }
    this.#budget = new GossipBudget(clock.elapsedMs());
  }

  get status(): MempoolStatus {
    const { items, bytes, oldest } = this.#waiting;
    const seconds = oldest === undefined ? 0n : this.#clock.now() - oldest.since;
    return { items, bytes, oldestSeconds: seconds > 0n ? seconds : 0n }; // the clock may have gone back
  }

  /** Counts since the start. */
  get counts(): ProposalCounts {
    return { ...this.#counts };
  }

  /** All waiting proposals, in the order of arrival. They may come and go while this is read. */
  all(): Iterable<OwnedProposal> {
    return this.#waiting.all();
  }

  get(digest: Digest): OwnedProposal | undefined {
    return this.#waiting.get(digest);
  }

  /** Divides turns, room and look-ups among peers by these stakes from now on. */
  setStakes(stakes: Stakes): void {
    this.#waiting.setStakes(stakes);
    this.#budget.setStakes(stakes);
  }

  /** Whether data with this digest waits. */
  has(digest: Digest): boolean {
    return this.#waiting.get(digest) !== undefined;
  }

  /**
   * Takes what clients propose, in one commit, and gossips it. Leaves out what a block carries already, by `isCarried`.
   * Gives for each item undefined, or "data too large" or "mempool full". Throws "database failed", and then takes
   * nothing.
   */
  propose(batch: readonly Submission[], isCarried: IsCarried): readonly (ChainError | undefined)[] {
    const proposals = batch.map(({ data, caller, once = false }) => ({ ...this.#toProposal(data, { caller }), once }));
    const { refused, added } = this.#add(proposals.filter(({ digest, once }) => !isCarried(digest, once)));
    this.#counts.submitted += added.length;
    for (const { digest, data } of added) this.#regossip.sendNew(digest, data, this.#clock.elapsedMs());
    return proposals.map((proposal) => refused.get(proposal));
  }

  /**
   * Takes what a peer gossips, in one commit. Leaves out what is late by `isLate`, and what exceeds the room or the
   * rate, which takes almost no time. Throws "database failed".
   */
  addGossip(batch: readonly Uint8Array[], peer: NodeId, isLate: (digest: Digest) => boolean): void {
    this.#counts.received += batch.length;
    const fitting = batch.filter(({ length }) => this.#waiting.isRoomForGossip(length, peer));
    const looked = fitting.slice(0, this.#budget.take(fitting.length, peer, this.#clock.elapsedMs()));
    const proposals = looked.map((data) => this.#toProposal(data, { peer }));
    for (const { digest } of proposals) this.#waiting.share(digest, peer);
    const { refused, added } = this.#add(proposals.filter(({ digest }) => !this.has(digest) && !isLate(digest)));
    this.#counts.gossiped += added.length;
    this.#counts.refused += batch.length - looked.length + refused.size;
  }

  /**
   * The proposal for a block of this height, on processing blocks that carry `carried`, newest first: see `Turns`.
   * Stays the same until proposals come or go, or the stakes change.
   */
  next(height: bigint, carried: ReadonlySet<Digest>): Proposal | undefined {
    return this.#waiting.next(height, carried);
  }

  /** The data of a waiting proposal. Throws "database failed" if it is damaged. */
  readData({ digest }: Proposal): Uint8Array {
    return this.#table.read(digest).data;
  }

  /** Call it when a block with this data is accepted, and the store has removed the proposal. */
  forget(digest: Digest): void {
    this.#waiting.serve(digest);
    this.#regossip.remove(digest);
  }

  /**
   * Drops these, first on disk in one transaction, and then in memory. Ignores unknown ones. Throws "database failed",
   * and then drops nothing.
   */
  drop(digests: readonly Digest[]): void {
    if (digests.length === 0) return;
    this.#table.removeAll(digests);
    for (const digest of digests) {
      this.#waiting.remove(digest);
      this.#regossip.remove(digest);
    }
  }

  /** Drops expired proposals, and gossips again those that are due. Call it now and then. */
  tick(): void {
    this.#dropExpired();
    const nowMs = this.#clock.elapsedMs();
    this.#budget.forgetSilent(nowMs);
    this.#regossip.sendDue(nowMs, (digest) => this.#table.read(digest).data);
  }

  /** Adds those that are new and fit, in one commit. Gives these, and why others do not fit. */
  #add(proposals: readonly NewProposal[]) {
    const wasEmpty = this.#waiting.items === 0;
    const added: NewProposal[] = [];
    const refused = new Map<NewProposal, ChainError>();
    const before = new Map<Digest, OwnedProposal>();
    for (const proposal of proposals) {
      const known = this.#waiting.get(proposal.digest);
      // A client may take over what a peer sent, since we must keep what we acknowledge to a client.
      if (known !== undefined && (known.peer === undefined || proposal.peer !== undefined)) continue;
      try {
        this.#waiting.add(ownedBy(withoutData(proposal), proposal.caller));
        added.push(proposal);
        if (known !== undefined) before.set(proposal.digest, known);
      } catch (error) {
        refused.set(proposal, expectChainError(error));
      }
    }
    if (added.length === 0) return { refused, added };
    this.#write(added, before);
    this.#onAdded(wasEmpty);
    return { refused, added };
  }

  /** Puts on disk what is in memory. If that fails, memory is as `before` again. */
  #write(added: readonly NewProposal[], before: ReadonlyMap<Digest, OwnedProposal>): void {
    try {
      this.#table.add(added);
    } catch (error) {
      for (const { digest } of added) {
        const known = before.get(digest);
        if (known === undefined) this.#waiting.remove(digest);
        else this.#waiting.add(known); // it belongs to its peers again
      }
      throw error;
    }
  }

  #dropExpired(): void {
    if (this.#expirySeconds === 0n) return;
    const now = this.#clock.now();
    const expired: Digest[] = [];
    for (const { digest, since } of this.#waiting.all()) {
      if (since + this.#expirySeconds <= now) expired.push(digest);
      if (expired.length === maxExpiredPerTick) break;
    }
    this.drop(expired);
    this.#counts.expired += expired.length;
  }

  #toProposal(data: Uint8Array, { peer, caller }: { peer?: NodeId; caller?: string }): NewProposal {
    return { digest: digestOf(data), bytes: data.length, since: timeOfRow(this.#clock), peer, caller, data };
  }
}

/** Whether an accepted block carries data of this digest: with `once` any, else one that clients do not see yet. */
type IsCarried = (digest: Digest, once: boolean) => boolean;

interface NewProposal extends StoredProposal {
  readonly caller: string | undefined;
}

function withoutData({ digest, bytes, since, peer }: StoredProposal): Proposal {
  return { digest, bytes, since, peer };
}
