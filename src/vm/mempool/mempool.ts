import type { NodeId } from "../../avalanche/node-id.ts";
import type { Config } from "../../core/config.ts";
import { type Digest, digestOf } from "../../core/digest.ts";
import { ChainError } from "../../core/errors.ts";
import type { Proposal, Submission } from "../../core/proposal.ts";
import type { ProposalTable, StoredProposal } from "../../store/proposal-table.ts";
import { type Clock, timeOfRow } from "../clock.ts";
import type { MempoolStatus } from "../status.ts";
import { GossipBudget } from "./gossip-budget.ts";
import type { OwnedProposal } from "./owner-round.ts";
import { gossipItemBytes, gossipRate, Pace } from "./pace.ts";
import { Regossip } from "./regossip.ts";
import { WaitingProposals } from "./waiting-proposals.ts";

/** How many proposals one tick drops that have expired: a transaction of some milliseconds. */
export const maxExpiredPerTick = 500;

export interface MempoolOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Tells the peers of data that a client proposed here. */
  readonly gossip: (data: Uint8Array) => void;
}

/**
 * What waits for a block. A proposal is on disk before anyone is told that it was taken, and it stays while blocks with
 * it are built, verified or rejected: only the transaction that accepts a block with it takes it out.
 */
export class Mempool {
  readonly #table: ProposalTable;
  readonly #clock: Clock;
  readonly #gossip: (data: Uint8Array) => void;
  readonly #expirySeconds: bigint;
  readonly #waiting: WaitingProposals;
  readonly #regossip = new Regossip();
  readonly #pace: Pace;
  readonly #budget: GossipBudget;
  /** Whether something could not be told yet because that would have been too much at once. */
  #isBehind = false;
  #expired = 0;

  /** Takes up what the table holds. Throws "database failed". */
  constructor(table: ProposalTable, { config, clock, gossip }: MempoolOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#gossip = gossip;
    this.#expirySeconds = BigInt(config.proposalExpirySeconds);
    this.#waiting = new WaitingProposals(
      { maxItems: config.maxMempoolItems, maxBytes: config.maxMempoolBytes },
      table.readAll().map(withoutData),
    );
    for (const { digest, peer } of this.#waiting.all()) {
      if (peer === undefined) this.#regossip.addUntold(digest);
    }
    this.#pace = new Pace(gossipRate, clock.elapsedMs());
    this.#budget = new GossipBudget(clock.elapsedMs());
  }

  get status(): MempoolStatus {
    const { items, bytes, oldest } = this.#waiting;
    const seconds = oldest === undefined ? 0n : this.#clock.now() - oldest.since;
    return { items, bytes, oldestSeconds: seconds > 0n ? seconds : 0n }; // the clock may have gone back
  }

  /** How many proposals have expired since the start. */
  get expired(): number {
    return this.#expired;
  }

  has(digest: Digest): boolean {
    return this.#waiting.get(digest) !== undefined;
  }

  /**
   * Takes what clients propose here, all of it in one commit, and tells the peers. Gives for each item undefined when it
   * is on disk, or "data too large" or "mempool full"; and how many were new. Throws "database failed", and nothing is
   * taken then.
   */
  propose(batch: readonly Submission[]): {
    readonly refusals: readonly (ChainError | undefined)[];
    readonly added: number;
  } {
    const { refusals, added } = this.#add(batch.map(({ data, caller }) => this.#toProposal(data, { caller })));
    for (const { digest, data } of added) this.#tellNew(digest, data);
    return { refusals, added: added.length };
  }

  /**
   * Takes what a peer gossips, in one commit, unless it comes too late. Gives how many were new, and how many were refused
   * since there is no room for them, or no time. What is refused costs next to nothing. Throws "database failed".
   */
  addGossip(
    batch: readonly Uint8Array[],
    peer: NodeId,
    isLate: (digest: Digest) => boolean,
  ): { readonly added: number; readonly refused: number } {
    const fitting = batch.filter(({ length }) => this.#waiting.isRoomForGossip(length, peer));
    const looked = fitting.slice(0, this.#budget.take(fitting.length, peer, this.#clock.elapsedMs()));
    const proposals = looked.map((data) => this.#toProposal(data, { peer }));
    const { refusals, added } = this.#add(proposals.filter(({ digest }) => !this.has(digest) && !isLate(digest)));
    const full = refusals.filter((refusal) => refusal !== undefined);
    return { added: added.length, refused: batch.length - looked.length + full.length };
  }

  /**
   * What a block of that height should carry, on blocks that carry `carried`, newest first: owners go round, so that who
   * proposes thousands makes nobody wait for all of them. In every second block only our own clients do, if they have
   * something, so that peers who are many cannot either. The same until something comes or goes.
   */
  next(height: bigint, carried: ReadonlySet<Digest>): Proposal | undefined {
    const own = height % 2n === 0n ? this.#waiting.nextOfClients(carried) : undefined;
    return own ?? this.#waiting.next(carried);
  }

  /** Throws "database failed" when it is not what came. */
  readData({ digest }: Proposal): Uint8Array {
    return this.#table.read(digest).data;
  }

  /** To be called when the store has taken it out, since a block with it is accepted. */
  forget(digest: Digest): void {
    this.#waiting.serve(digest);
    this.#regossip.remove(digest);
  }

  /** To be called now and then: drops what has expired, and tells the peers what is due. */
  tick(): void {
    this.#dropExpired();
    const nowMs = this.#clock.elapsedMs();
    this.#budget.forgetSilent(nowMs);
    this.#isBehind = false;
    for (const digest of this.#regossip.due(nowMs)) {
      this.#isBehind = this.#pace.free(nowMs) <= 0;
      if (this.#isBehind) break;
      this.#tell(this.#table.read(digest).data);
    }
  }

  /** At once, unless others wait for that. */
  #tellNew(digest: Digest, data: Uint8Array): void {
    const nowMs = this.#clock.elapsedMs();
    this.#isBehind ||= this.#pace.free(nowMs) <= 0;
    if (this.#isBehind) return this.#regossip.addUntold(digest);
    this.#tell(data);
    this.#regossip.addTold(digest, nowMs);
  }

  #tell(data: Uint8Array): void {
    this.#pace.spend(data.length + gossipItemBytes);
    this.#gossip(data);
  }

  #add(proposals: readonly NewProposal[]) {
    const added: NewProposal[] = [];
    const before = new Map<Digest, OwnedProposal>();
    const refusals = proposals.map((proposal) => {
      const known = this.#waiting.get(proposal.digest);
      // A client makes a peer's proposal ours: we have answered for it now.
      if (known !== undefined && (known.peer === undefined || proposal.peer !== undefined)) return undefined;
      try {
        this.#waiting.add({ ...withoutData(proposal), caller: proposal.caller });
        added.push(proposal);
        if (known !== undefined) before.set(proposal.digest, known);
        return undefined;
      } catch (error) {
        return expectChainError(error);
      }
    });
    try {
      if (added.length > 0) this.#table.add(added);
    } catch (error) {
      for (const { digest } of added) {
        const known = before.get(digest);
        if (known === undefined) this.#waiting.remove(digest);
        else this.#waiting.add(known); // a peer's again
      }
      throw error;
    }
    return { refusals, added };
  }

  #dropExpired(): void {
    if (this.#expirySeconds === 0n) return;
    const now = this.#clock.now();
    const expired: Digest[] = [];
    for (const { digest, since } of this.#waiting.all()) {
      if (since + this.#expirySeconds <= now) expired.push(digest);
      if (expired.length === maxExpiredPerTick) break;
    }
    if (expired.length === 0) return;
    this.#table.removeAll(expired);
    for (const digest of expired) {
      this.#waiting.remove(digest);
      this.#regossip.remove(digest);
    }
    this.#expired += expired.length;
  }

  #toProposal(data: Uint8Array, { peer, caller }: { peer?: NodeId; caller?: string }): NewProposal {
    return { digest: digestOf(data), bytes: data.length, since: timeOfRow(this.#clock), peer, caller, data };
  }
}

interface NewProposal extends StoredProposal {
  readonly caller: string | undefined;
}

function withoutData({ digest, bytes, since, peer }: StoredProposal): Proposal {
  return { digest, bytes, since, peer };
}

function expectChainError(error: unknown): ChainError {
  if (error instanceof ChainError) return error;
  throw error;
}
