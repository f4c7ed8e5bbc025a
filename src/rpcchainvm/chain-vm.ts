import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Log } from "../log.ts";
import type { Awaitable } from "./awaitable.ts";
import type { AppSender } from "./node/app-sender.ts";
import type { NodeDatabase } from "./node/database.ts";
import type { VmEvent } from "./protocol.ts";
import type { HttpHandler, HttpServer } from "./services/http-handler.ts";

// What a VM is to its node. The names are those of AvalancheGo's block.ChainVM (v1.14.2, snow/engine/snowman/block/vm.go) and
// of the interfaces beside it; each member says which call of vm.VM it answers, and in which protocols there is that call.

/** A block as the node sees it. It never changes. */
export interface Block {
  readonly id: Id;
  readonly parentId: Id;
  /** u64; one more than the parent's. */
  readonly height: bigint;
  /** Unix seconds, up to the year 9999. */
  readonly timestamp: bigint;
  /** What other nodes get, and parse. */
  readonly bytes: Uint8Array;
}

/** How far the node is with the chain (v1.14.2, snow/state.go). */
export type State = "initializing" | "state syncing" | "bootstrapping" | "normal operation";

/** How much of a batch of ancestors is wanted. Any of them may be zero or negative. */
export interface AncestorLimits {
  readonly maxBlocks: number;
  /** Each block counts its bytes and four more. */
  readonly maxBytes: number;
  readonly maxMs: number;
}

/**
 * A chain that runs. The node calls one member at a time, but for `waitForEvent`, `health`, `metrics`, and what clients and
 * peers send. An error becomes a gRPC status (see `StatusOf`); in most calls of consensus it ends the chain, until the node is
 * started again.
 */
export interface ChainVm {
  /** The last accepted block: at first, genesis. Answers Initialize and SetState. */
  readonly lastAccepted: Block;
  /** SetState. */
  setState?(state: State): Awaitable<void>;
  /** Shutdown, or the end of the node: releases what the VM holds. Nothing is called afterwards. */
  shutdown?(): Awaitable<void>;
  /** Health: what the node shows, a JSON text; without it, nothing. An error makes the node unhealthy, and is shown. */
  health?(): Awaitable<string>;

  /** BuildBlock: a new block on the preferred one. Throws when there is nothing to build. */
  buildBlock(): Awaitable<Block>;
  /** ParseBlock and BatchedParseBlock: of any peer, so anything may come. Throws for what is no block. Stores nothing. */
  parseBlock(bytes: Uint8Array): Awaitable<Block>;
  /** GetBlock: a verified or an accepted block. */
  getBlock(id: Id): Awaitable<Block | undefined>;
  /** GetBlockIDAtHeight: of an accepted block. */
  getBlockIdAtHeight(height: bigint): Awaitable<Id | undefined>;
  /** GetAncestors: the bytes of a block and of those before it, newest first; [] for an unknown one. Without it, `getBlock` is asked for each. */
  getAncestors?(id: Id, limits: AncestorLimits): Awaitable<readonly Uint8Array[]>;
  /** SetPreference: the block to build on. */
  setPreference(id: Id): Awaitable<void>;
  /** BlockVerify: throws unless the block may follow its parent. It is then undecided until it is accepted or rejected. */
  verifyBlock(bytes: Uint8Array): Awaitable<Block>;
  /** BlockAccept: the block is decided, and so are its rivals. Must be on the disk when this is done, and bear to come twice. */
  acceptBlock(id: Id): Awaitable<void>;
  /** BlockReject: the block has lost. */
  rejectBlock(id: Id): Awaitable<void>;
  /**
   * WaitForEvent (from protocol 42; before, Messenger.Notify is called when it resolves): resolves when there is something to
   * do, as often as it is asked while there is. Rejects when `signal` aborts, as it does when the chain is shut down.
   */
  waitForEvent(signal: AbortSignal): Promise<VmEvent>;

  /** Connected and Disconnected: nodes of the chain, this one among them. `version` is like "avalanchego/1.14.2". */
  connected?(nodeId: NodeId, version: string): Awaitable<void>;
  disconnected?(nodeId: NodeId): Awaitable<void>;
  /** App messages: without it, they are dropped. */
  readonly app?: AppHandler;
  /** State sync: without it, the node is told that there is none, and bootstraps block by block. */
  readonly stateSync?: StateSync;
  /** Gather: what it counts, beside what the process does. Must be quick: it holds up the metrics of the whole node. */
  metrics?(): readonly Metric[];
  /** CreateHandlers and NewHTTPHandler: what answers HTTP requests, here or at an address where the VM serves http.HTTP itself. */
  readonly http?: HttpHandler | HttpServer;
}

/** What peers send to the VM. Any peer may send anything, at any time; an error is logged and hurts nobody. */
export interface AppHandler {
  /** AppGossip. The bytes may change when this returns. */
  appGossip?(nodeId: NodeId, message: Uint8Array): Awaitable<void>;
  /**
   * AppRequest. What is given goes back by SendAppResponse; an `AppError` that is thrown by SendAppError (from protocol 33).
   * The node waits for two of these at a time, so it must not wait for other peers.
   */
  appRequest?(nodeId: NodeId, request: Uint8Array, deadline: Date): Awaitable<Uint8Array>;
}

/** A summary of the state at a height, which peers offer to each other. */
export interface StateSummary {
  readonly id: Id;
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/** How a summary is taken up: not at all, before bootstrapping goes on, or beside it (v1.14.2, block/state_sync_mode.go). */
export type StateSyncMode = "skipped" | "static" | "dynamic";

/** What AvalancheGo calls StateSyncableVM (v1.14.2, block/state_syncable_vm.go). */
export interface StateSync {
  /** StateSyncEnabled. */
  isEnabled(): Awaitable<boolean>;
  /** GetOngoingSyncStateSummary: one that was being taken up when the plugin ended. */
  getOngoingSyncStateSummary(): Awaitable<StateSummary | undefined>;
  /** GetLastStateSummary: the newest that this node can offer. */
  getLastStateSummary(): Awaitable<StateSummary | undefined>;
  /** ParseStateSummary: of any peer. Throws for what is no summary. */
  parseStateSummary(bytes: Uint8Array): Awaitable<StateSummary>;
  /** GetStateSummary. */
  getStateSummary(height: bigint): Awaitable<StateSummary | undefined>;
  /** StateSummaryAccept: takes it up; `waitForEvent` gives "state sync done" when that is done. */
  acceptStateSummary(bytes: Uint8Array): Awaitable<StateSyncMode>;
}

/** A figure, or several that labels tell apart. The node puts the VM's id before the name, and a label `chain` to each sample. */
export interface Metric {
  readonly name: string;
  /** One line for people. */
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What the node says of itself and of the chain, and what it lends: Initialize. */
export interface NodeContext {
  /** The number of the RPCChainVM protocol that it speaks. */
  readonly protocol: number;
  /** 1 is Mainnet, 5 Fuji. */
  readonly networkId: number;
  readonly subnetId: Id;
  readonly chainId: Id;
  readonly nodeId: NodeId;
  /** The node's BLS key, 48 bytes; empty until protocol 23. */
  readonly publicKey: Uint8Array;
  readonly genesisBytes: Uint8Array;
  /** The chain's upgrade.json, as it stands; empty where there is none. */
  readonly upgradeBytes: Uint8Array;
  /** The chain's config.json, as it stands; empty where there is none. */
  readonly configBytes: Uint8Array;
  /**
   * Gives the directory for the chain's data, which may not be there yet. Until protocol 19 the node does not say: it is
   * `configured`, where an operator can set one, else the place that later nodes will name. Throws when nothing says it.
   */
  readonly chainDataDir: (configured?: string) => string;
  /** The node's own database, of which each chain has a part. */
  readonly database: NodeDatabase;
  /** Sends to peers. */
  readonly appSender: AppSender;
  readonly log: Log;
}
