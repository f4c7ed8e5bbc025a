import type { Awaitable } from "../avalanche/awaitable.ts";
import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Log } from "../log.ts";
import type { AppSender } from "./node/app-sender.ts";
import type { NodeDatabase } from "./node/database.ts";
import type { Validators } from "./node/validators.ts";
import type { VmEvent } from "./protocol.ts";
import type { HttpHandler, HttpServer } from "./services/http-handler.ts";

// What a VM is to its node. The names are those of AvalancheGo's block.ChainVM (v1.14.2,
// snow/engine/snowman/block/vm.go) and of the interfaces beside it; each member says which call of vm.VM it answers,
// and in which protocols there is that call.

/** A block as the node sees it. It never changes. */
export interface Block {
  /** The same on every node and in every version of the VM, as a hash of `bytes` is. */
  readonly id: Id;
  /** Of genesis an id that no block has, as `zeroId`. */
  readonly parentId: Id;
  /** u64; one more than the parent's, 0 for genesis. */
  readonly height: bigint;
  /** Unix seconds, up to the year 9999. The node refuses a reply with a later one. */
  readonly timestamp: bigint;
  /** What other nodes get, and parse: less than 2 MiB, the node's limit of a message, with some kilobytes to spare. */
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
 * A chain that runs. The node waits for one member before it calls the next, but for `waitForEvent`, `metrics` and what
 * clients and peers send: these come at any time, also while another member waits for a promise. All run on one thread.
 * What keeps it busy for 10 s makes the node drop the connection, and the chain is lost; what never resolves stops the
 * chain.
 *
 * What a member throws becomes a gRPC status: a `ConnectError` is its own, for other errors `VmDefinition.statusOf`
 * says it, and what that does not know is logged as a bug. The node looks only at whether there is an error. "Ends the
 * chain" below means that the node shuts the chain down for good, until the node is started again.
 *
 * Bytes that a member gets are part of a larger message: who keeps them should keep a copy.
 */
export interface ChainVm {
  /**
   * The last accepted block: at first, genesis. Read for Initialize, SetState and the status of blocks; must not throw.
   */
  readonly lastAccepted: Block;
  /**
   * SetState: how far the node is from now on. It may go back after "normal operation". An error ends the chain.
   * Without it, the VM need not know.
   */
  setState?(state: State): Awaitable<void>;
  /**
   * Shutdown, or the end of the node: releases what the VM holds, and has it on the disk, since the process may be
   * killed right after. The node's database and `AppSender` still work meanwhile. Called once; before that,
   * `waitForEvent` has been ended, and no other member is called any more. The node logs an error, and ends the process
   * all the same. If the node is gone, the process ends after 5 s at the latest.
   */
  shutdown?(): Awaitable<void>;
  /**
   * Health, every 30 s: what the node shows under /ext/health, a JSON text; another text is shown as a string. Without
   * it, `{}`. Consensus waits for it. An error makes the whole node unhealthy, and its message is shown.
   */
  health?(): Awaitable<string>;

  /**
   * BuildBlock: a new block on the preferred one. The node verifies it before others get it. Throws when there is
   * nothing to build: the node only notes it, and asks `waitForEvent` at once.
   */
  buildBlock(): Awaitable<Block>;
  /**
   * ParseBlock, and BatchedParseBlock for each in turn. Of any peer, so anything may come; stores nothing, and need not
   * know the parent. Throws for what is no block: the node drops the message, or the whole batch. But an error for a
   * block that was accepted once ends the chain, so every later version of the VM must parse it, to the same id.
   */
  parseBlock(bytes: Uint8Array): Awaitable<Block>;
  /**
   * GetBlock: a block that was verified and is undecided, or accepted; undefined for every other, a rejected one too.
   * After an error the node asks its peers, but for the last accepted block it ends the chain.
   */
  getBlock(id: Id): Awaitable<Block | undefined>;
  /**
   * GetBlockIDAtHeight: the accepted block of this height, genesis included; undefined above the last. An error counts
   * as that.
   */
  getBlockIdAtHeight(height: bigint): Awaitable<Id | undefined>;
  /**
   * GetAncestors: the bytes of a block and of those before it, newest first, the block itself whatever the limits; []
   * for an unknown one. For a peer that catches up, who waits in vain after an error. Without it, `getBlock` is asked
   * for each.
   */
  getAncestors?(id: Id, limits: AncestorLimits): Awaitable<readonly Uint8Array[]>;
  /**
   * SetPreference: the block to build on, one that is verified or accepted. Comes before "normal operation" too. An
   * error ends the chain.
   */
  setPreference(id: Id): Awaitable<void>;
  /**
   * BlockVerify: gives the block if it may follow its parent, which is accepted or was verified before; it is then
   * undecided until it is accepted or rejected, or the process ends. Throws else: the node does not vote for it, and
   * may ask again. While the node bootstraps, an error ends the chain.
   */
  verifyBlock(bytes: Uint8Array): Awaitable<Block>;
  /**
   * BlockAccept: a verified block is decided, and `lastAccepted` from here on; that its rivals have lost is said by
   * `rejectBlock` afterwards. Must be on the disk when this is done, and bear to come twice: after a crash, the node
   * repeats what it is not sure of. An error ends the chain. So does, at the next start, a VM that knows more blocks
   * than the node.
   */
  acceptBlock(id: Id): Awaitable<void>;
  /**
   * BlockReject: a verified block has lost. It does not come any more when the node ends first. An error ends the
   * chain.
   */
  rejectBlock(id: Id): Awaitable<void>;
  /**
   * What the node is to do next: resolves as soon as there is something, as often as it is asked while there is, since
   * an answer may be lost. "build block" while `buildBlock` would give one, in "normal operation" only; "state sync
   * done" from then until SetState. It must hold back for some 100 ms after a build that failed: the node asks again at
   * once.
   *
   * WaitForEvent, from protocol 42 on, and again after every block: the waiting call is cancelled first, by `signal`.
   * Until 41 the VM is asked from Initialize on, and Messenger.Notify says to the node what it gives. `signal` aborts
   * when the chain is shut down too. What is given or thrown then is ignored, but what waits should be dropped. After
   * another error the VM is asked again in 100 ms.
   */
  waitForEvent(signal: AbortSignal): Promise<VmEvent>;

  /**
   * Connected: a node of the chain, this one among them. `version` begins with what it calls itself, as
   * "avalanchego/1.14.2" or "avalanche/1.9.8". Consensus waits for it. An error is logged and hurts nobody.
   */
  connected?(nodeId: NodeId, version: string): Awaitable<void>;
  /** Disconnected. As `connected`. */
  disconnected?(nodeId: NodeId): Awaitable<void>;
  /** What peers send. Without it, that is dropped. */
  readonly app?: AppHandler;
  /** State sync. Without it, the node is told that there is none, and bootstraps block by block. */
  readonly stateSync?: StateSync;
  /**
   * Gather: what the VM counts, beside what the process does. Called for each scrape, also before "normal operation";
   * must be quick, since the metrics of the whole node wait. After an error none of them is shown, and the error is
   * logged.
   */
  metrics?(): readonly Metric[];
  /**
   * CreateHandlers, and from protocol 42 on NewHTTPHandler (41: CreateHTTP2Handler): what answers HTTP requests, here
   * or at an address where the VM serves http.HTTP itself. Read after `open`. Without it, nothing is served.
   */
  readonly http?: HttpHandler | HttpServer;
}

/**
 * What peers send to the VM. Any peer may send anything, in any state, two at a time. An error never reaches the node:
 * it would end the chain. It is logged, so for what is merely malformed nothing should be thrown.
 */
export interface AppHandler {
  /**
   * AppGossip: up to 2 MiB. The bytes may change when this is done. Must resolve, or the node takes no more from peers.
   */
  appGossip?(nodeId: NodeId, message: Uint8Array): Awaitable<void>;
  /**
   * AppRequest: gives the answer, up to 2 MiB, which goes back by SendAppResponse. An `AppError` that is thrown goes
   * back by SendAppError, from protocol 33 on; any other error is logged, and the peer is told that there is no answer.
   * Until protocol 32 the peer waits for its time-out then. An answer after `deadline` is of no use to the peer. The
   * node waits for two of these at a time, up to their deadlines, so it must not wait for other peers. Without it,
   * requests are not answered.
   */
  appRequest?(nodeId: NodeId, request: Uint8Array, deadline: Date): Awaitable<Uint8Array>;
}

/** A summary of the state at a height, which peers offer to each other. */
export interface StateSummary {
  /** As of a block: the same for the same bytes, on every node. */
  readonly id: Id;
  /** u64; of the block whose state it sums up. */
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/**
 * How a summary is taken up: not at all, before bootstrapping goes on, or beside it (v1.14.2,
 * block/state_sync_mode.go). Until protocol 21 the node can only be told whether: "dynamic" is "static" there.
 */
export type StateSyncMode = "skipped" | "static" | "dynamic";

/**
 * What AvalancheGo calls StateSyncableVM (v1.14.2, block/state_syncable_vm.go). undefined says that there is no such
 * summary. An error where the node syncs itself ends the chain; where a peer asks, the peer waits in vain.
 */
export interface StateSync {
  /**
   * StateSyncEnabled: whether this node should sync, at its start. It may offer summaries in any case. An error ends
   * the chain.
   */
  isEnabled(): Awaitable<boolean>;
  /**
   * GetOngoingSyncStateSummary: one that was being taken up when the plugin ended. Asked when the sync begins; an error
   * ends the chain.
   */
  getOngoingSyncStateSummary(): Awaitable<StateSummary | undefined>;
  /** GetLastStateSummary: the newest that this node can offer. Peers ask. */
  getLastStateSummary(): Awaitable<StateSummary | undefined>;
  /** ParseStateSummary: of any peer, so anything may come. Throws for what is no summary: the node drops it. */
  parseStateSummary(bytes: Uint8Array): Awaitable<StateSummary>;
  /** GetStateSummary: the one that this node offers at a height. Peers ask before they vote. */
  getStateSummary(height: bigint): Awaitable<StateSummary | undefined>;
  /**
   * StateSummaryAccept: the network agrees on this one. Begins to take it up, and says how, without waiting for the
   * end: `waitForEvent` gives "state sync done" then, and `lastAccepted` must be the summary's block by that time.
   * "skipped" where it is not worth it. An error ends the chain.
   */
  acceptStateSummary(bytes: Uint8Array): Awaitable<StateSyncMode>;
}

/**
 * A figure, or several that labels tell apart. The node puts the VM's id before the name, and a label `chain` to each
 * sample. What it cannot merge with those of other chains is left out, and logged.
 */
export interface Metric {
  /**
   * Letters, digits, `_` and `:`, as Prometheus wants it; one that comes twice counts once, those of the process first.
   */
  readonly name: string;
  /** One line for people. */
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** No two have the same labels; none is called `chain` or begins with `__`. */
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * What the node says of itself and of the chain, and what it lends, from `open` until `shutdown` is done: Initialize.
 */
export interface NodeContext {
  /** The number of the RPCChainVM protocol that it speaks: 16 to 46, or what an operator names. */
  readonly protocol: number;
  /** 1 is Mainnet, 5 Fuji. */
  readonly networkId: number;
  readonly subnetId: Id;
  readonly chainId: Id;
  /** Of the node itself. */
  readonly nodeId: NodeId;
  /** The node's BLS key, 48 bytes; empty until protocol 23. */
  readonly publicKey: Uint8Array;
  /** What the chain was created with, on every node the same: any bytes. */
  readonly genesisBytes: Uint8Array;
  /** The chain's upgrade.json, as it stands; empty where there is none. */
  readonly upgradeBytes: Uint8Array;
  /** The chain's config.json, as it stands; empty where there is none. */
  readonly configBytes: Uint8Array;
  /**
   * Gives the directory for the chain's data, which may not be there yet. Until protocol 19 the node does not say: it
   * is `configured`, where an operator can set one, else the place that later nodes will name. Throws when nothing says
   * it.
   */
  readonly chainDataDir: (configured?: string) => string;
  /** The node's own database, of which each chain has a part. */
  readonly database: NodeDatabase;
  /**
   * Sends to peers. `open` must not wait for an answer of theirs: the node brings none before Initialize is answered.
   */
  readonly appSender: AppSender;
  /**
   * Who validates the chain's subnet, and others. Undefined until protocol 18: then nobody says it. It works from
   * Initialize on, but what it says is behind until the P-Chain is up to date, as it is in "normal operation".
   */
  readonly validators: Validators | undefined;
  /** Of the plugin: lines of JSON on standard error, which the node puts into the chain's log. */
  readonly log: Log;
}
