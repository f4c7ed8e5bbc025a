import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Block } from "../core/block.ts";
import type { Config } from "../core/config.ts";
import type { Digest } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import { rsFutureSeconds, verifyChild } from "../core/verify.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { Disk } from "../store/disk.ts";
import { type AncestorLimits, collectAncestors } from "./ancestors.ts";
import { BuildEvent } from "./build-event.ts";
import { Builder } from "./builder.ts";
import type { ChainView, Receipt, Refusals, UndecidedStatus } from "./chain-view.ts";
import type { Clock } from "./clock.ts";
import { ConfirmedChain } from "./confirmed-chain.ts";
import { Decisions } from "./decisions.ts";
import { FirstSights } from "./first-sights.ts";
import { Mempool } from "./mempool/mempool.ts";
import type { OwnedProposal } from "./mempool/turns.ts";
import { Monitor } from "./monitor.ts";
import type { VmOptions } from "./options.ts";
import { ParsedBlocks } from "./parsed-blocks.ts";
import { ProcessingBlocks } from "./processing.ts";
import { decidedReceipt } from "./receipt.ts";
import type { HeadMarker } from "./rewind.ts";
import { Stakes } from "./stakes.ts";
import { Stall } from "./stall.ts";
import type { State, Status } from "./status.ts";

/** Gossiped data that is in one of this many newest blocks is late, and is not taken again. */
export const lateGossipBlocks = 10_000n;

const tickMs = 1_000;

/**
 * The chain as consensus sees it. Every method runs to completion, so that calls cannot interleave. Only
 * `waitForEvent`, and clients in `confirmed`, wait. Processing blocks are in memory, decided ones in the store.
 */
export class Vm implements ChainView {
  readonly confirmed: ConfirmedChain;
  readonly #store: BlockStore;
  readonly #disk: Disk | undefined;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #mempool: Mempool;
  readonly #parsed = new ParsedBlocks();
  readonly #processing = new ProcessingBlocks();
  readonly #decisions: Decisions;
  readonly #firstSights: FirstSights;
  readonly #builder: Builder;
  readonly #buildEvent: BuildEvent;
  readonly #stall: Stall;
  readonly #monitor: Monitor;
  readonly #peers = new Set<NodeId>();
  /** The newest block whose head marker is in the node's database. */
  #marked: Block;
  #isSyncing = false;
  #state: State = "initializing";
  #cancelTick: () => void = () => {};
  #isClosed = false;

  /** Takes a store that holds a chain; see `openVm`. */
  constructor(store: BlockStore, options: VmOptions) {
    const { config, clock, head = { height: 0n, waiting: 0 } } = options;
    const { minBlockIntervalMs } = config;
    this.#store = store;
    this.#disk = options.disk;
    this.#clock = clock;
    this.#config = config;
    head.height = store.lastAccepted().height;
    this.confirmed = new ConfirmedChain(store, clock, head);
    this.#marked = this.confirmed.last;
    this.#stall = new Stall(clock, minBlockIntervalMs);
    this.#mempool = new Mempool(store.proposals, options, (wasEmpty) => {
      if (wasEmpty) this.#stall.mark();
      this.#buildEvent.check();
    });
    this.#firstSights = new FirstSights(options, (id) => this.#processing.forgetSight(id));
    const parts = { clock, store, processing: this.#processing, mempool: this.#mempool, stall: this.#stall };
    this.#decisions = new Decisions(parts);
    this.#builder = new Builder({ ...parts, decisions: this.#decisions, config });
    this.#buildEvent = new BuildEvent(clock, () => (this.#isNormal ? this.#builder.nextWork() : undefined));
    const reported = { decisions: this.#decisions, builder: this.#builder, firstSights: this.#firstSights };
    this.#monitor = new Monitor({ ...parts, ...reported });
    this.setState("initializing");
  }

  get lastAccepted(): Block {
    return this.#decisions.lastAccepted;
  }

  /**
   * Call it when the node's database has the head marker of this block. Clients see the block once its commit is synced
   * too.
   */
  confirm(accepted: Block): void {
    this.#marked = accepted;
    if (!this.#isSyncing) this.#showMarked();
  }

  /** See `BlockStore.synced`. */
  synced(): Promise<void> | undefined {
    return this.#store.synced();
  }

  /** See `BlockStore.commitPause`. */
  get commitPause(): Promise<void> | undefined {
    return this.#store.commitPause;
  }

  /** The marker to write into the node's database before an accept is answered. */
  get headMarker(): HeadMarker {
    const { id, height } = this.lastAccepted;
    return { instanceId: this.#store.instanceId, height, id };
  }

  setState(state: State): void {
    this.#state = state;
    const { durability } = this.#config;
    const automatic = this.#isNormal ? "full" : "grouped";
    this.#store.setDurability(durability === "auto" ? automatic : durability);
    if (this.#isNormal) this.#store.checkpoint();
    this.#stall.mark();
    this.#tick();
  }

  // Calls of consensus.

  /**
   * Builds a block on the preferred one, with data that no processing ancestor carries. Throws "nothing to build", "too
   * early", "future timestamp" if the parent is too far ahead of our clock, or "database failed".
   */
  buildBlock(): Block {
    const content = this.#builder.expectContent();
    const block = this.#stall.watch("build", () => this.#builder.build(content));
    this.#parsed.add(block);
    return block;
  }

  /** Throws "malformed block". The caller may change the bytes afterwards. */
  parseBlock(bytes: Uint8Array): Block {
    return this.#parsed.parse(bytes);
  }

  /** A processing or accepted block. */
  getBlock(id: Id): Block | undefined {
    return this.#processing.get(id)?.block ?? this.getAcceptedBlock(id);
  }

  getAcceptedBlock(id: Id): Block | undefined {
    return id === this.lastAccepted.id ? this.lastAccepted : this.#store.getBlock(id);
  }

  /** The id of the accepted block at a height. */
  getBlockIdAtHeight(height: bigint): Id | undefined {
    const id = this.#store.getIdAtHeight(height);
    if (id !== undefined || height > this.lastAccepted.height) return id;
    throw this.#store.damaged(`its block at height ${height} is missing`);
  }

  /** See `collectAncestors`. */
  getAncestors(id: Id, limits: AncestorLimits): Block[] {
    return collectAncestors(id, limits, (id) => this.getBlock(id), this.#clock);
  }

  /** Builds on this block from now on, if it is processing or the last accepted one. Else changes nothing. */
  setPreference(id: Id): void {
    const block = id === this.lastAccepted.id ? this.lastAccepted : this.#processing.get(id)?.block;
    if (block !== undefined) this.#builder.prefer(block);
    this.#buildEvent.check();
  }

  /**
   * Makes a block processing. In normal operation, it is seen now. Throws the rule that it breaks; then it may be
   * verified again later.
   */
  verifyBlock(bytes: Uint8Array): Block {
    const block = this.#parsed.parse(bytes);
    if (this.#decisions.isVerified(block.id)) return block;
    const parent = this.getBlock(block.parentId);
    if (parent === undefined) throw new ChainError({ code: "unknown parent", parentId: block.parentId });
    verifyChild(block, parent, this.#clock.now(), this.#futureSeconds);
    this.#decisions.expectOpenHeight(block);
    this.#processing.add(block, this.#isNormal ? this.#firstSights.note(block.id) : undefined);
    return block;
  }

  /**
   * Makes a verified child of the last accepted block the last accepted one. All other blocks at its height have lost.
   * Does nothing the second time. Throws what `Decisions.accept` throws.
   */
  acceptBlock(id: Id): void {
    this.#firstSights.look();
    const accepted = this.#decisions.accept(id);
    if (accepted === undefined) return;
    const { block, digest } = accepted;
    if (this.#processing.get(this.#builder.preferred.id) === undefined) this.#builder.prefer(block);
    this.#mempool.forget(digest);
    this.#stall.mark();
    this.#buildEvent.check();
  }

  /** Forgets a verified block. Its data, if it is a proposal here, still waits. Does nothing the second time. */
  rejectBlock(id: Id): void {
    if (this.#decisions.reject(id) === undefined) return;
    if (id === this.#builder.preferred.id) this.#builder.prefer(this.lastAccepted);
    this.#buildEvent.check();
  }

  /** Resolves when there is something to build. Rejects with the reason of `signal`, or with "shut down". */
  waitForEvent(signal: AbortSignal): Promise<void> {
    return this.#buildEvent.wait(signal);
  }

  // Calls of clients and peers.

  /** See `Propose`. The data is on disk when `synced` resolves. */
  propose(batch: readonly Submission[]): Refusals {
    if (this.#isClosed) throw new ChainError({ code: "shut down" });
    const unseen = this.confirmed.last.height + 1n;
    return this.#mempool.propose(batch, (digest, once) => this.#store.carries(digest, once ? 0n : unseen));
  }

  /** Takes what a peer gossips, unless it is too much or late. Does not keep `batch`. Throws "database failed". */
  addGossip(batch: readonly Uint8Array[], peer: NodeId): void {
    if (!this.#isNormal) return;
    const newest = this.lastAccepted.height - lateGossipBlocks + 1n;
    this.#mempool.addGossip(batch, peer, (digest) => this.#store.carries(digest, newest));
  }

  receiptOf(digest: Digest): Receipt {
    return decidedReceipt(digest, this.confirmed, this.#store) ?? { status: this.undecided(digest) };
  }

  /** The status of data that no accepted block carries. Answers from memory. */
  undecided(digest: Digest): UndecidedStatus {
    if (this.#processing.carries(digest)) return "processing";
    return this.#mempool.has(digest) ? "pending" : "unknown";
  }

  // Calls of the operator.

  /** The proposals that wait, in the order of arrival. They may come and go while this is read. */
  waiting(): Iterable<OwnedProposal> {
    return this.#mempool.all();
  }

  /** A proposal that waits for a block. */
  getWaiting(digest: Digest): OwnedProposal | undefined {
    return this.#mempool.get(digest);
  }

  /**
   * Drops waiting proposals, also those of our own clients, which breaks our promise to them. A block that carries one
   * may still be accepted. Throws "shut down" or "database failed".
   */
  drop(digests: readonly Digest[]): void {
    if (this.#isClosed) throw new ChainError({ code: "shut down" });
    this.#mempool.drop(digests);
    this.#buildEvent.check();
  }

  /** Sets the validators' weights, 0 or more, by which gossip is divided; without validators, by node id. */
  setValidators(weights: ReadonlyMap<NodeId, bigint>): void {
    this.#mempool.setStakes(new Stakes(weights));
  }

  addPeer(id: NodeId): void {
    this.#peers.add(id);
  }

  removePeer(id: NodeId): void {
    this.#peers.delete(id);
  }

  status(): Status {
    return this.#monitor.status(this.#state, this.#peers.size);
  }

  /** Gives the status. Throws what `Monitor.check` throws. */
  checkHealth(): Status {
    this.#monitor.check(this.#state);
    return this.status();
  }

  /** Rejects all waiting calls and releases the file. Afterwards only `propose`, `drop` and waiting may be called. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick();
    this.#decisions.close();
    this.#buildEvent.close();
    this.confirmed.close();
    void this.#disk?.close();
    this.#store.close();
  }

  /** Waits for one sync at a time, which covers all blocks marked before it started. */
  #showMarked(): void {
    const block = this.#marked;
    const synced = this.#store.synced();
    if (synced === undefined) return this.confirmed.confirm(block);
    this.#isSyncing = true;
    synced.then(
      () => {
        this.#isSyncing = false;
        this.confirmed.confirm(block);
        if (this.#marked !== block) this.#showMarked();
      },
      () => {}, // no later block is shown; `checkHealth` says why
    );
  }

  /** Seconds ahead of our clock at which a block is refused. What the network has decided may be further ahead. */
  get #futureSeconds(): bigint {
    return this.#isNormal ? BigInt(this.#config.maxFutureSeconds) : rsFutureSeconds;
  }

  get #isNormal(): boolean {
    return this.#state === "normal operation";
  }

  /** Runs once a second, since time passes and clocks jump. */
  #tick(): void {
    this.#cancelTick();
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.#firstSights.tick();
    this.#decisions.writeSoon();
    this.#stall.attempt("log", () => this.#store.tick());
    if (!this.#isNormal) return;
    this.#buildEvent.check();
    this.#stall.attempt("mempool", () => this.#mempool.tick());
  }
}
