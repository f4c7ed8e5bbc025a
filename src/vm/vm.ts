import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import { type Block, summaryOf } from "../core/block.ts";
import type { Config } from "../core/config.ts";
import type { Digest } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import { verifyChild } from "../core/verify.ts";
import type { BlockStore } from "../store/block-store.ts";
import { type AncestorLimits, collectAncestors } from "./ancestors.ts";
import { BuildEvent } from "./build-event.ts";
import { Builder } from "./builder.ts";
import type { ChainView, Receipt } from "./chain-view.ts";
import type { Clock } from "./clock.ts";
import { ConfirmedChain } from "./confirmed-chain.ts";
import { Decisions } from "./decisions.ts";
import { Mempool, type MempoolOptions } from "./mempool/mempool.ts";
import { ParsedBlocks } from "./parsed-blocks.ts";
import { ProcessingBlocks } from "./processing.ts";
import type { HeadMarker } from "./rewind.ts";
import { Stall } from "./stall.ts";
import type { State, Status } from "./status.ts";

/** Gossip of data that so many of the newest blocks carry comes late, and is not proposed again. */
export const lateGossipBlocks = 10_000n;

/** How often the VM looks after what waits. */
const tickMs = 1_000;

/**
 * The chain as consensus sees it. Every method runs to completion, so that calls cannot interleave; only `waitForEvent`
 * waits, and clients in `confirmed`. A block is processing or decided by where it is kept: in memory or in the store.
 */
export class Vm implements ChainView {
  readonly confirmed: ConfirmedChain;
  readonly #store: BlockStore;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #mempool: Mempool;
  readonly #parsed = new ParsedBlocks();
  readonly #processing = new ProcessingBlocks();
  readonly #builder: Builder;
  readonly #buildEvent: BuildEvent;
  readonly #stall: Stall;
  readonly #decisions: Decisions;
  readonly #peers = new Set<NodeId>();
  readonly #openedAtMs: number;
  readonly #blockCounts = { built: 0, verified: 0, accepted: 0, rejected: 0 };
  readonly #proposalCounts = { submitted: 0, received: 0, gossiped: 0, refused: 0 };
  #state: State = "initializing";
  #lastAccepted: Block;
  #cancelTick: () => void = () => {};
  #isClosed = false;

  /** Takes a store that holds a chain; see `openVm`. */
  constructor(store: BlockStore, options: MempoolOptions) {
    const { config, clock } = options;
    this.#store = store;
    this.#clock = clock;
    this.#config = config;
    this.#mempool = new Mempool(store.proposals, options);
    this.#lastAccepted = store.lastAccepted();
    this.confirmed = new ConfirmedChain(store, clock);
    this.#openedAtMs = clock.elapsedMs();
    const { minBlockIntervalMs } = config;
    this.#stall = new Stall(clock, minBlockIntervalMs);
    const parts = { clock, store, processing: this.#processing, mempool: this.#mempool, stall: this.#stall };
    this.#decisions = new Decisions(parts);
    this.#builder = new Builder({ ...parts, decisions: this.#decisions, minBlockIntervalMs }, this.#lastAccepted);
    this.#buildEvent = new BuildEvent(clock, () => (this.#isNormal ? this.#builder.nextWork() : undefined));
    this.setState("initializing");
  }

  get lastAccepted(): Block {
    return this.#lastAccepted;
  }

  /** To be called when the node's database has the head marker of this block: clients may see it. */
  confirm(accepted: Block): void {
    this.confirmed.confirm(accepted);
  }

  /** What the node's database must say of our file before an accept is answered. */
  get headMarker(): HeadMarker {
    const { id, height } = this.#lastAccepted;
    return { instanceId: this.#store.instanceId, height, id };
  }

  setState(state: State): void {
    this.#state = state;
    const { durability } = this.#config;
    const synced = state === "normal operation" ? "full" : "normal";
    this.#store.setDurability(durability === "auto" ? synced : durability);
    if (state === "normal operation") this.#store.checkpoint();
    this.#stall.mark();
    this.#tick();
  }

  // What consensus asks.

  /**
   * A block on the preferred one, with data that none of its undecided ancestors carries; see `Mempool.next`. Throws
   * "nothing to build", "too early", "future timestamp" while the parent is too far ahead of our clock, or "database failed".
   */
  buildBlock(): Block {
    const proposal = this.#builder.expectProposal();
    const block = this.#stall.watch("build", () => this.#builder.build(proposal));
    this.#parsed.add(block);
    this.#blockCounts.built++;
    return block;
  }

  /** Throws "malformed block". The bytes may go, or change, afterwards. */
  parseBlock(bytes: Uint8Array): Block {
    return this.#parsed.parse(bytes);
  }

  /** A processing or accepted block. */
  getBlock(id: Id): Block | undefined {
    return this.#processing.get(id)?.block ?? this.getAcceptedBlock(id);
  }

  getAcceptedBlock(id: Id): Block | undefined {
    return id === this.#lastAccepted.id ? this.#lastAccepted : this.#store.getBlock(id);
  }

  /** The accepted block at a height. */
  getBlockIdAtHeight(height: bigint): Id | undefined {
    const id = this.#store.getIdAtHeight(height);
    if (id === undefined && height <= this.#lastAccepted.height) {
      throw this.#store.damaged(`its block at height ${height} is missing`);
    }
    return id;
  }

  /** The block and its ancestors, newest first, as many as the limits allow but at least the block; [] if unknown. */
  getAncestors(id: Id, limits: AncestorLimits): Block[] {
    return collectAncestors(id, limits, (id) => this.getBlock(id), this.#clock);
  }

  /** An unknown block is not preferred: there would be nothing to build on. */
  setPreference(id: Id): void {
    const block = id === this.#lastAccepted.id ? this.#lastAccepted : this.#processing.get(id)?.block;
    if (block !== undefined) this.#builder.parent = block;
    this.#buildEvent.check();
  }

  /** Throws the rule that the block breaks; it may be tried again. */
  verifyBlock(bytes: Uint8Array): Block {
    const block = this.#parsed.parse(bytes);
    if (this.#processing.get(block.id) !== undefined) return block;
    const decision = this.#decisions.of(block.id);
    if (decision === "accepted") return block;
    if (decision === "rejected") throw new ChainError({ code: "already rejected", id: block.id });
    const parent = this.getBlock(block.parentId);
    if (parent === undefined) throw new ChainError({ code: "unknown parent", parentId: block.parentId });
    verifyChild(block, parent, this.#clock.now());
    const { height: lastAcceptedHeight } = this.#lastAccepted;
    if (block.height <= lastAcceptedHeight) {
      throw new ChainError({ code: "height decided", height: block.height, lastAcceptedHeight });
    }
    this.#processing.add(block);
    this.#blockCounts.verified++;
    return block;
  }

  /**
   * Makes a verified child of the last accepted block the last accepted one. That its rivals have lost follows from their
   * height: it is written down later. A second time it does nothing.
   */
  acceptBlock(id: Id): void {
    const processing = this.#processing.get(id);
    if (processing === undefined) return this.#decisions.expect(id, "accepted");
    const { block, digest } = processing;
    if (block.parentId !== this.#lastAccepted.id) {
      throw new ChainError({ code: "not next", id, parentId: block.parentId, lastAcceptedId: this.#lastAccepted.id });
    }
    this.#store.accept(block, digest);
    this.#lastAccepted = block;
    this.#blockCounts.rejected += this.#processing.decide(block);
    if (this.#processing.get(this.#builder.parent.id) === undefined) this.#builder.parent = block;
    this.#mempool.forget(digest);
    this.#stall.mark();
    this.#blockCounts.accepted++;
    this.#buildEvent.check();
    this.#decisions.writeSoon();
  }

  /** Forgets a verified block. Its data is still in our mempool if it came to us. A second time it does nothing. */
  rejectBlock(id: Id): void {
    const lost = this.#processing.getLost(id);
    const block = lost ?? this.#processing.get(id)?.block;
    if (block === undefined) return this.#decisions.expect(id, "rejected");
    this.#store.reject(block);
    this.#processing.delete(block);
    if (lost !== undefined) return; // and is counted
    if (id === this.#builder.parent.id) this.#builder.parent = this.#lastAccepted;
    this.#blockCounts.rejected++;
    this.#buildEvent.check();
  }

  /** Resolves when a build would make a block. Rejects with the reason of `signal`, or with "shut down". */
  waitForEvent(signal: AbortSignal): Promise<void> {
    return this.#buildEvent.wait(signal);
  }

  // What clients and peers ask.

  /** See `ProposeBlocks`. */
  proposeBlocks(batch: readonly Submission[]): readonly (ChainError | undefined)[] {
    if (this.#isClosed) throw new ChainError({ code: "shut down" });
    const { refusals, added } = this.#adding(() => this.#mempool.propose(batch));
    this.#proposalCounts.submitted += added;
    return refusals;
  }

  /**
   * Takes data that another node gossips, unless it is too much, or came after its block. The data may go, or change,
   * afterwards. Throws "database failed".
   */
  addGossip(batch: readonly Uint8Array[], peer: NodeId): void {
    if (!this.#isNormal) return;
    this.#proposalCounts.received += batch.length;
    const newest = this.#lastAccepted.height - lateGossipBlocks + 1n;
    const isLate = (digest: Digest) => this.#store.carries(digest, newest);
    const { added, refused } = this.#adding(() => this.#mempool.addGossip(batch, peer, isLate));
    this.#proposalCounts.gossiped += added;
    this.#proposalCounts.refused += refused;
  }

  receiptOf(digest: Digest): Receipt {
    const block = this.confirmed.findData(digest);
    if (block !== undefined) return { status: "accepted", block };
    const isUnconfirmed = this.#store.carries(digest, this.confirmed.last.height + 1n);
    if (isUnconfirmed || this.#processing.carries(digest)) return { status: "processing" };
    return { status: this.#mempool.has(digest) ? "pending" : "unknown" };
  }

  addPeer(id: NodeId): void {
    this.#peers.add(id);
  }

  removePeer(id: NodeId): void {
    this.#peers.delete(id);
  }

  status(): Status {
    return {
      state: this.#state,
      lastAccepted: summaryOf(this.#lastAccepted),
      preference: summaryOf(this.#builder.parent),
      processing: this.#processing.count,
      mempool: this.#mempool.status,
      databaseBytes: this.#store.size(),
      blocks: { ...this.#blockCounts },
      proposals: { ...this.#proposalCounts, expired: this.#mempool.expired },
      peers: this.#peers.size,
      uptimeSeconds: BigInt(Math.floor((this.#clock.elapsedMs() - this.#openedAtMs) / 1_000)),
    };
  }

  /**
   * The status, after a look at the file. Throws "database failed" when that is not what it was; "clock behind" or
   * "proposals wait" while proposals cannot become blocks, which ends by itself when its cause does.
   */
  checkHealth(): Status {
    const { id, height } = this.#lastAccepted;
    if (this.#store.getIdAtHeight(height) !== id) throw this.#store.damaged(`it lost its last accepted block ${id}`);
    const status = this.status();
    const seconds = this.#builder.secondsTooEarly;
    if (seconds > 0n) throw new ChainError({ code: "clock behind", seconds });
    if (this.#isNormal) this.#stall.check(status.mempool.items);
    return status;
  }

  /** Ends all waiting and releases the file. Only what waits and `proposeBlocks` may be called afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick();
    this.#decisions.close();
    this.#buildEvent.close();
    this.confirmed.close();
    this.#store.close();
  }

  get #isNormal(): boolean {
    return this.#state === "normal operation";
  }

  /** Does what may add proposals. Where it adds none, nothing has changed. */
  #adding<T extends { readonly added: number }>(add: () => T): T {
    const { items } = this.#mempool.status;
    const outcome = add();
    if (outcome.added === 0) return outcome;
    if (items === 0) this.#stall.mark();
    this.#buildEvent.check();
    return outcome;
  }

  /** Once a second: time passes, and clocks jump. */
  #tick(): void {
    this.#cancelTick();
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.#decisions.writeSoon();
    if (!this.#isNormal) return;
    this.#buildEvent.check();
    try {
      this.#stall.watch("mempool", () => this.#mempool.tick());
    } catch {
      // Health tells it, and the next second may be a better one.
    }
  }
}
