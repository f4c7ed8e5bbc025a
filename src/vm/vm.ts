import { type Block, createBlock, parseBlock } from "../core/block.ts";
import type { Config } from "../core/config.ts";
import { digestOf } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import type { HeadMarker } from "../core/head-marker.ts";
import type { Id } from "../core/id.ts";
import { verifyChild } from "../core/verify.ts";
import type { BlockStore } from "../store/block-store.ts";
import { BuildEvent } from "./build-event.ts";
import type { Clock } from "./clock.ts";
import { Mempool, maxDataBytes, type Proposal } from "./mempool.ts";
import { ProcessingBlocks } from "./processing.ts";
import { maxRecentDigests, RecentDigests } from "./recent-digests.ts";
import type { State, Status } from "./status.ts";

/** How much of a batch of ancestors is wanted. Any of them may be zero or negative. */
export interface AncestorLimits {
  readonly maxBlocks: number;
  readonly maxBytes: number;
  readonly maxMs: number;
}

export interface VmOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Is told of data that a client proposed here. */
  readonly gossip: (data: Uint8Array) => void;
}

/**
 * The chain as consensus sees it. Every method runs to completion, so that calls cannot interleave; only `waitForEvent`
 * waits. A block is processing or decided by where it is kept: in memory or in the store.
 */
export class Vm {
  readonly #store: BlockStore;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #gossip: (data: Uint8Array) => void;
  readonly #mempool: Mempool;
  readonly #processing = new ProcessingBlocks();
  readonly #recent = new RecentDigests();
  readonly #buildEvent: BuildEvent;
  readonly #counts = { built: 0, verified: 0, accepted: 0, rejected: 0, submitted: 0, gossiped: 0 };
  #state: State = "initializing";
  #lastAccepted: Block;
  /** Always the last accepted block or a processing one. */
  #preference: Block;

  /** Takes a store that holds a chain; see `openVm`. */
  constructor(store: BlockStore, { config, clock, gossip }: VmOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#config = config;
    this.#gossip = gossip;
    this.#mempool = new Mempool({ maxItems: config.maxMempoolItems, maxBytes: config.maxMempoolBytes });
    this.#buildEvent = new BuildEvent(clock, () => this.#nextWork());
    this.#lastAccepted = store.lastAccepted();
    this.#preference = this.#lastAccepted;
    for (const digest of store.getRecentDigests(maxRecentDigests)) this.#recent.add(digest);
    this.setState("initializing");
  }

  get lastAccepted(): Block {
    return this.#lastAccepted;
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
    this.#buildEvent.check();
  }

  // What consensus asks.

  /** A block on the preferred one, with the oldest data that none of its ancestors carries. Throws "nothing to build". */
  buildBlock(): Block {
    const parent = this.#preference;
    const proposal = this.#nextProposal();
    if (proposal === undefined) throw new VmError({ code: "nothing to build" });
    const now = this.#clock.now();
    // A parent from a faster clock must not stop us: its time is a legal one.
    const timestamp = now > parent.timestamp ? now : parent.timestamp;
    const block = createBlock({ parentId: parent.id, height: parent.height + 1n, timestamp, data: proposal.data });
    verifyChild(block, parent, now);
    this.#counts.built++;
    return block;
  }

  /** Throws "malformed block". */
  parseBlock(bytes: Uint8Array): Block {
    return parseBlock(bytes);
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
    return this.#store.getIdAtHeight(height);
  }

  /** The block and its ancestors, newest first, as many as the limits allow but at least the block; [] if unknown. */
  getAncestors(id: Id, { maxBlocks, maxBytes, maxMs }: AncestorLimits): Block[] {
    const untilMs = this.#clock.elapsedMs() + maxMs;
    const ancestors: Block[] = [];
    let bytes = 0;
    for (let block = this.getBlock(id); block !== undefined; block = this.getBlock(block.parentId)) {
      bytes += block.bytes.length + bytesOfLength;
      if (ancestors.length > 0 && (bytes > maxBytes || this.#clock.elapsedMs() > untilMs)) break;
      ancestors.push(block);
      if (ancestors.length >= Math.min(maxBlocks, maxAncestors) || block.height === 0n) break;
    }
    return ancestors;
  }

  /** An unknown block is not preferred: there would be nothing to build on. */
  setPreference(id: Id): void {
    this.#preference =
      id === this.#lastAccepted.id ? this.#lastAccepted : (this.#processing.get(id)?.block ?? this.#preference);
    this.#buildEvent.check();
  }

  /** Throws the rule that the block breaks; it may be tried again. */
  verifyBlock(bytes: Uint8Array): Block {
    const block = parseBlock(bytes);
    if (this.#processing.get(block.id) !== undefined) return block;
    const decision = this.#store.getDecision(block.id);
    if (decision === "accepted") return block;
    if (decision === "rejected") throw new VmError({ code: "already rejected", id: block.id });
    const parent = this.getBlock(block.parentId);
    if (parent === undefined) throw new VmError({ code: "unknown parent", parentId: block.parentId });
    verifyChild(block, parent, this.#clock.now());
    const { height: lastAcceptedHeight } = this.#lastAccepted;
    if (block.height <= lastAcceptedHeight) {
      throw new VmError({ code: "height decided", height: block.height, lastAcceptedHeight });
    }
    this.#processing.add(block);
    this.#counts.verified++;
    return block;
  }

  /** Makes a verified child of the last accepted block the last accepted one. A second time it does nothing. */
  acceptBlock(id: Id): void {
    const processing = this.#processing.get(id);
    if (processing === undefined) return this.#expectDecision(id, "accepted");
    const { block, digest } = processing;
    if (block.parentId !== this.#lastAccepted.id) {
      throw new VmError({ code: "not next", id, parentId: block.parentId, lastAcceptedId: this.#lastAccepted.id });
    }
    const losers = this.#processing.losersTo(block);
    this.#store.accept(block, digest, losers);
    this.#lastAccepted = block;
    for (const decided of [block, ...losers]) this.#processing.delete(decided);
    if (this.#processing.get(this.#preference.id) === undefined) this.#preference = block;
    this.#mempool.remove(digest);
    this.#recent.add(digest);
    this.#counts.accepted++;
    this.#counts.rejected += losers.length;
    this.#buildEvent.check();
  }

  /** Forgets a verified block. Its data is still in our mempool if it came to us. A second time it does nothing. */
  rejectBlock(id: Id): void {
    const processing = this.#processing.get(id);
    if (processing === undefined) return this.#expectDecision(id, "rejected");
    this.#store.reject(processing.block);
    this.#processing.delete(processing.block);
    if (id === this.#preference.id) this.#preference = this.#lastAccepted;
    this.#counts.rejected++;
    this.#buildEvent.check();
  }

  /** Resolves when a build would make a block. Rejects with the reason of `signal`, or with "shut down". */
  waitForEvent(signal: AbortSignal): Promise<void> {
    return this.#buildEvent.wait(signal);
  }

  // What clients and peers ask.

  /**
   * Takes data to be put into a block; the same data once while it waits. Throws "data too large" or "mempool full",
   * and nothing is taken then.
   */
  proposeBlock(data: Uint8Array): void {
    if (!this.#mempool.add(data, this.#clock.now())) return;
    this.#counts.submitted++;
    this.#gossip(data);
    this.#buildEvent.check();
  }

  /** Takes data that another node gossips, unless it is useless, too much, or came after its block. Never throws. */
  addGossip(data: Uint8Array): void {
    if (this.#state !== "normal operation" || data.length > maxDataBytes) return;
    if (!this.#mempool.hasRoom(data.length, gossipShare) || this.#recent.has(digestOf(data))) return;
    if (!this.#mempool.add(data, this.#clock.now())) return;
    this.#counts.gossiped++;
    this.#buildEvent.check();
  }

  status(): Status {
    const { id, height, timestamp } = this.#lastAccepted;
    const { items, bytes, oldest } = this.#mempool;
    const { built, verified, accepted, rejected, submitted, gossiped } = this.#counts;
    return {
      state: this.#state,
      lastAccepted: { id, height, timestamp },
      processing: this.#processing.count,
      mempool: { items, bytes, oldestSeconds: oldest === undefined ? 0n : this.#clock.now() - oldest.since },
      databaseBytes: this.#store.size(),
      blocks: { built, verified, accepted, rejected },
      proposals: { submitted, gossiped },
    };
  }

  /** The status, after a look at the file. Throws "database failed" when it is not what it was. */
  checkHealth(): Status {
    const { id, height } = this.#lastAccepted;
    if (this.#store.getIdAtHeight(height) !== id) throw this.#store.damaged(`it lost its last accepted block ${id}`);
    return this.status();
  }

  /** Ends all waiting and releases the file. Nothing else may be called afterwards. */
  close(): void {
    this.#buildEvent.close();
    this.#store.close();
  }

  #nextWork(): string | undefined {
    if (this.#state !== "normal operation") return undefined;
    const proposal = this.#nextProposal();
    return proposal && `${this.#preference.id} ${proposal.digest}`;
  }

  #nextProposal(): Proposal | undefined {
    return this.#mempool.first(this.#processing.carriedTo(this.#preference.id));
  }

  #expectDecision(id: Id, decision: "accepted" | "rejected"): void {
    const decided = this.#store.getDecision(id);
    if (decided === decision) return;
    if (decided === undefined) throw new VmError({ code: "not processing", id });
    throw new VmError({ code: decided === "accepted" ? "already accepted" : "already rejected", id });
  }
}

/** Gossip may fill only this share of the mempool: peers must not be able to shut our own clients out. */
const gossipShare = 0.5;
/** Each block in a batch of ancestors is preceded by its length (avalanchego v1.14.2, wrappers.IntLen). */
const bytesOfLength = 4;
/** More blocks than any node asks for at once. */
const maxAncestors = 2_048;
