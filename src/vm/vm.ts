import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Block } from "../core/block.ts";
import type { Config } from "../core/config.ts";
import type { Digest } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import { verifyChild } from "../core/verify.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { Disk } from "../store/disk.ts";
import { type AncestorLimits, collectAncestors } from "./ancestors.ts";
import { BuildEvent } from "./build-event.ts";
import { Builder } from "./builder.ts";
import type { ChainView, Receipt, Refusals, UndecidedStatus } from "./chain-view.ts";
import type { Clock } from "./clock.ts";
import { ConfirmedChain } from "./confirmed-chain.ts";
import { Decisions } from "./decisions.ts";
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

/** Gossip of data that one of so many newest blocks carries has come late, and is not proposed again. */
export const lateGossipBlocks = 10_000n;

/** Milliseconds between two looks at what waits. */
const tickMs = 1_000;

/**
 * The chain as consensus sees it. Every method runs to completion, so that calls cannot interleave; only `waitForEvent`
 * waits, and clients in `confirmed`. A block is processing or decided by where it is kept: in memory or in the store.
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
  readonly #builder: Builder;
  readonly #buildEvent: BuildEvent;
  readonly #stall: Stall;
  readonly #monitor: Monitor;
  readonly #peers = new Set<NodeId>();
  /** The newest block whose head marker the node's database has. */
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
    const parts = { clock, store, processing: this.#processing, mempool: this.#mempool, stall: this.#stall };
    this.#decisions = new Decisions(parts);
    this.#builder = new Builder({ ...parts, decisions: this.#decisions, minBlockIntervalMs });
    this.#buildEvent = new BuildEvent(clock, () => (this.#isNormal ? this.#builder.nextWork() : undefined));
    this.#monitor = new Monitor({ ...parts, decisions: this.#decisions, builder: this.#builder });
    this.setState("initializing");
  }

  get lastAccepted(): Block {
    return this.#decisions.lastAccepted;
  }

  /**
   * To be called when the node's database has the head marker of this block: clients may see it as soon as its commit
   * is synced too.
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

  /** What the node's database must have of our file before an accept is answered. */
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

  // What consensus asks.

  /**
   * Makes a block on the preferred one, with data that no undecided ancestor carries. Throws "nothing to build", "too
   * early", "future timestamp" while the parent is too far ahead of our clock, or "database failed".
   */
  buildBlock(): Block {
    const proposal = this.#builder.expectProposal();
    const block = this.#stall.watch("build", () => this.#builder.build(proposal));
    this.#parsed.add(block);
    return block;
  }

  /** Throws "malformed block". The bytes may change afterwards. */
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

  /** The block and its ancestors, newest first, at least the block and within the limits; [] if it is unknown. */
  getAncestors(id: Id, limits: AncestorLimits): Block[] {
    return collectAncestors(id, limits, (id) => this.getBlock(id), this.#clock);
  }

  /** Makes a processing block, or the last accepted one, the one to build on. An unknown one changes nothing. */
  setPreference(id: Id): void {
    const block = id === this.lastAccepted.id ? this.lastAccepted : this.#processing.get(id)?.block;
    if (block !== undefined) this.#builder.prefer(block);
    this.#buildEvent.check();
  }

  /** Throws the rule that the block breaks. Such a block may be verified again later. */
  verifyBlock(bytes: Uint8Array): Block {
    const block = this.#parsed.parse(bytes);
    if (this.#decisions.isVerified(block.id)) return block;
    const parent = this.getBlock(block.parentId);
    if (parent === undefined) throw new ChainError({ code: "unknown parent", parentId: block.parentId });
    verifyChild(block, parent, this.#clock.now());
    this.#decisions.expectOpenHeight(block);
    this.#processing.add(block);
    return block;
  }

  /**
   * Makes a verified child of the last accepted block the last accepted one; all others at its height have lost. The
   * second time it does nothing. Throws what `Decisions.accept` throws.
   */
  acceptBlock(id: Id): void {
    const accepted = this.#decisions.accept(id);
    if (accepted === undefined) return;
    const { block, digest } = accepted;
    if (this.#processing.get(this.#builder.preferred.id) === undefined) this.#builder.prefer(block);
    this.#mempool.forget(digest);
    this.#stall.mark();
    this.#buildEvent.check();
  }

  /** Forgets a verified block. If its data came to us, it still waits. The second time it does nothing. */
  rejectBlock(id: Id): void {
    if (this.#decisions.reject(id) === undefined) return;
    if (id === this.#builder.preferred.id) this.#builder.prefer(this.lastAccepted);
    this.#buildEvent.check();
  }

  /** Resolves when a build would make a block. Rejects with the reason of `signal`, or with "shut down". */
  waitForEvent(signal: AbortSignal): Promise<void> {
    return this.#buildEvent.wait(signal);
  }

  // What clients and peers ask.

  /** See `Propose`; it is on disk when `synced` resolves. */
  propose(batch: readonly Submission[]): Refusals {
    if (this.#isClosed) throw new ChainError({ code: "shut down" });
    return this.#mempool.propose(batch);
  }

  /** Takes what a peer gossips, unless it is too much or too late; it may change then. Throws "database failed". */
  addGossip(batch: readonly Uint8Array[], peer: NodeId): void {
    if (!this.#isNormal) return;
    const newest = this.lastAccepted.height - lateGossipBlocks + 1n;
    this.#mempool.addGossip(batch, peer, (digest) => this.#store.carries(digest, newest));
  }

  receiptOf(digest: Digest): Receipt {
    return decidedReceipt(digest, this.confirmed, this.#store) ?? { status: this.undecided(digest) };
  }

  /** What becomes of data that no accepted block carries. Answers from memory. */
  undecided(digest: Digest): UndecidedStatus {
    if (this.#processing.carries(digest)) return "processing";
    return this.#mempool.has(digest) ? "pending" : "unknown";
  }

  // What the operator asks.

  /** What waits for a block, in the order it came. It may come and go while this is read. */
  waiting(): Iterable<OwnedProposal> {
    return this.#mempool.all();
  }

  /** A proposal that waits for a block. */
  getWaiting(digest: Digest): OwnedProposal | undefined {
    return this.#mempool.get(digest);
  }

  /**
   * Drops proposals that wait, those of our own clients too: what they were promised is broken then. A block that
   * carries one may be accepted all the same. Throws "shut down" or "database failed".
   */
  drop(digests: readonly Digest[]): void {
    if (this.#isClosed) throw new ChainError({ code: "shut down" });
    this.#mempool.drop(digests);
    this.#buildEvent.check();
  }

  /** From now on gossip is divided by these weights of the validators, from 0 on; without any, by node id. */
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

  /** The status, if all is well. Throws what `Monitor.check` throws, until its cause has ended. */
  checkHealth(): Status {
    this.#monitor.check(this.#state);
    return this.status();
  }

  /** Ends all waiting and releases the file. Only `propose`, `drop` and what waits may be called afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick();
    this.#decisions.close();
    this.#buildEvent.close();
    this.confirmed.close();
    void this.#disk?.close();
    this.#store.close();
  }

  /** One sync at a time is waited for, however long it takes: it is for all that were marked before it began. */
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
      () => {}, // nothing more is shown; `checkHealth` says why
    );
  }

  get #isNormal(): boolean {
    return this.#state === "normal operation";
  }

  /** Once a second: time passes, and clocks jump. */
  #tick(): void {
    this.#cancelTick();
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.#decisions.writeSoon();
    this.#stall.attempt("log", () => this.#store.tick());
    if (!this.#isNormal) return;
    this.#buildEvent.check();
    this.#stall.attempt("mempool", () => this.#mempool.tick());
  }
}
