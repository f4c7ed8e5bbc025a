import type { Awaitable } from "../avalanche/awaitable.ts";
import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Log } from "../log.ts";
import type { AppSender } from "./node/app-sender.ts";
import type { NodeDatabase } from "./node/database.ts";
import type { Validators } from "./node/validators.ts";
import type { VmEvent } from "./protocol.ts";
import type { HttpHandler, HttpServer } from "./services/http-handler.ts";

// What a VM offers to its node. The names are those of AvalancheGo's block.ChainVM (v1.14.2,
// snow/engine/snowman/block/vm.go) and of the interfaces beside it. Each member names the call of vm.VM that it
// answers, and the protocols that have this call.

/** A block as the node sees it. It never changes. */
export interface Block {
  /** The same on every node and in every version of the VM, for example a hash of `bytes`. */
  readonly id: Id;
  /** For genesis, an id that no block has, such as `zeroId`. */
  readonly parentId: Id;
  /** u64; one more than the parent's, 0 for genesis. */
  readonly height: bigint;
  /** Unix seconds, up to the year 9999. The node refuses a reply with a later one. */
  readonly timestamp: bigint;
  /** What other nodes receive and parse. A message has at most 2 MiB, so blocks must stay some kilobytes below that. */
  readonly bytes: Uint8Array;
}

/** How far the node is with the chain (v1.14.2, snow/state.go). */
export type State = "initializing" | "state syncing" | "bootstrapping" | "normal operation";

/** How much of a batch of ancestors is wanted. Each may be zero or negative. */
export interface AncestorLimits {
  readonly maxBlocks: number;
  /** Each block counts its bytes and four more. */
  readonly maxBytes: number;
  readonly maxMs: number;
}

/**
 * A running chain. The node calls one member at a time, and waits for it. `waitForEvent`, `metrics` and what clients
 * and peers send are exceptions: these calls come at any time, even while another member waits for a promise. All run
 * on one thread. If it is busy for 10 s, the node drops the connection, and the chain is lost. If a promise never
 * resolves, the chain stops.
 *
 * An error that a member throws becomes a gRPC status: a `ConnectError` has its own, and `VmDefinition.statusOf` gives
 * that of other errors. An error that `statusOf` does not know is logged as a bug. The node only sees that there is an
 * error. "Ends the chain" below means that the node shuts the chain down for good, until the node is started again.
 *
 * The bytes that a member takes are part of a larger message: a VM that keeps them should keep a copy.
 */
export interface ChainVm {
  /** The last accepted block; genesis at first. For Initialize, SetState and the status of blocks. Must not throw. */
  readonly lastAccepted: Block;
  /** SetState: how far the node is from now on. It may go back after "normal operation". An error ends the chain. */
  setState?(state: State): Awaitable<void>;
  /**
   * Shutdown, or the end of the node: syncs to the disk and releases what the VM holds, since the process may be killed
   * right after. The node's database and `AppSender` still work meanwhile. Called once, after `waitForEvent` has ended;
   * no other member is called any more. If there is an error, the node logs it and ends the process all the same. If
   * the node is gone, the process ends after 5 s at the latest.
   */
  shutdown?(): Awaitable<void>;
  /**
   * Health, every 30 s: gives the JSON text that the node shows under /ext/health. Other text is shown as a string.
   * Without this member, it is `{}`. Consensus waits for it. An error makes the whole node unhealthy, and its message
   * is shown.
   */
  health?(): Awaitable<string>;

  /**
   * BuildBlock: a new block on the preferred one. The node verifies it before others get it. Throws when there is
   * nothing to build: the node only logs that, and calls `waitForEvent` at once.
   */
  buildBlock(): Awaitable<Block>;
  /**
   * ParseBlock, and BatchedParseBlock for each in turn. Any peer may send anything. Stores nothing, and need not know
   * the parent. Throws if the bytes are not a block: the node drops the message, or the whole batch. But an error for a
   * block that was once accepted ends the chain: every later version of the VM must parse it, to the same id.
   */
  parseBlock(bytes: Uint8Array): Awaitable<Block>;
  /**
   * GetBlock: a block that is accepted, or verified and undecided; undefined for every other, rejected ones too. After
   * an error the node asks its peers, but an error for the last accepted block ends the chain.
   */
  getBlock(id: Id): Awaitable<Block | undefined>;
  /** GetBlockIDAtHeight: the accepted block of this height, genesis included; undefined above the last, or an error. */
  getBlockIdAtHeight(height: bigint): Awaitable<Id | undefined>;
  /**
   * GetAncestors: the bytes of a block and of those before it, newest first. The block itself is included whatever the
   * limits are; [] for an unknown block. Used for a peer that catches up; after an error, that peer waits in vain.
   * Without this member, `getBlock` is called for each block.
   */
  getAncestors?(id: Id, limits: AncestorLimits): Awaitable<readonly Uint8Array[]>;
  /**
   * SetPreference: the block to build on, verified or accepted. Also before "normal operation". An error ends the
   * chain.
   */
  setPreference(id: Id): Awaitable<void>;
  /**
   * BlockVerify: gives the block if it may follow its parent, which is accepted or was verified before. The block is
   * then undecided until it is accepted or rejected, or the process ends. Throws if it may not: the node does not vote
   * for it, and may ask again. While the node bootstraps, an error ends the chain.
   */
  verifyBlock(bytes: Uint8Array): Awaitable<Block>;
  /**
   * BlockAccept: a verified block is decided, and is `lastAccepted` from now on. Calls of `rejectBlock` for its rivals
   * follow. The block must be on the disk when this is done. The same call may come twice: after a crash, the node
   * repeats what it is not sure of. An error ends the chain. At the next start, so does a VM that knows more blocks
   * than the node.
   */
  acceptBlock(id: Id): Awaitable<void>;
  /** BlockReject: a verified block has lost. Never called if the node ends first. An error ends the chain. */
  rejectBlock(id: Id): Awaitable<void>;
  /**
   * What the node should do next. Resolves as soon as there is something to do, and again at every call while there is,
   * since an answer may be lost. Gives "build block" while `buildBlock` would give a block, in "normal operation" only;
   * "state sync done" from the end of the sync until SetState. After a build that failed it must wait for some 100 ms:
   * the node asks again at once.
   *
   * WaitForEvent, from protocol 42 on. The node calls again after every block, and cancels the waiting call first, by
   * `signal`. Until protocol 41 this is called from Initialize on, and its result is sent by Messenger.Notify. `signal`
   * also aborts when the chain is shut down. After an abort the result is ignored, but the VM should stop waiting.
   * After any other error this is called again in 100 ms.
   */
  waitForEvent(signal: AbortSignal): Promise<VmEvent>;

  /**
   * Connected: a node of the chain, this one among them. `version` begins with the name and version of its program,
   * such as "avalanchego/1.14.2" or "avalanche/1.9.8". Consensus waits for it. An error is logged and does no harm.
   */
  connected?(nodeId: NodeId, version: string): Awaitable<void>;
  /** Disconnected. Like `connected`. */
  disconnected?(nodeId: NodeId): Awaitable<void>;
  /** Takes messages of peers. Without it, they are dropped. */
  readonly app?: AppHandler;
  /** State sync. Without it, the node is told that there is none, and bootstraps block by block. */
  readonly stateSync?: StateSync;
  /**
   * Gather: the VM's metrics, which are added to those of the process. Called for each scrape, also before "normal
   * operation". Must be quick, since the metrics of the whole node wait. After an error none is shown; it is logged.
   */
  metrics?(): readonly Metric[];
  /**
   * CreateHandlers, and from protocol 42 on NewHTTPHandler (41: CreateHTTP2Handler): answers HTTP requests, here or at
   * an address where the VM serves http.HTTP itself. Read after `open`. Without it, there is no HTTP.
   */
  readonly http?: HttpHandler | HttpServer;
}

/**
 * Takes what peers send to the VM. Any peer may send anything, in any state, two messages at a time. An error never
 * reaches the node, since it would end the chain. It is logged instead, so a malformed message should not be an error.
 */
export interface AppHandler {
  /** AppGossip: up to 2 MiB, which may change when this is done. Must resolve, or the node takes no more from peers. */
  appGossip?(nodeId: NodeId, message: Uint8Array): Awaitable<void>;
  /**
   * AppRequest: gives the answer, up to 2 MiB, which goes back by SendAppResponse. From protocol 33 on, a thrown
   * `AppError` goes back by SendAppError. Any other error is logged, and the peer gets "no answer". Until protocol 32
   * the peer waits for its time-out instead. An answer after `deadline` is of no use to the peer. The node waits for
   * two requests at a time, up to their deadlines, so this must not wait for other peers. Without it, requests are not
   * answered.
   */
  appRequest?(nodeId: NodeId, request: Uint8Array, deadline: Date): Awaitable<Uint8Array>;
}

/** A summary of the state at a height, which peers offer to each other. */
export interface StateSummary {
  /** Like a block's: the same for the same bytes, on every node. */
  readonly id: Id;
  /** The height of the block whose state this summary describes, u64. */
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/**
 * How the VM syncs to a summary: not at all, before bootstrapping goes on, or beside it (v1.14.2,
 * block/state_sync_mode.go). Until protocol 21 the node only learns whether it does: "dynamic" means "static" there.
 */
export type StateSyncMode = "skipped" | "static" | "dynamic";

/**
 * What AvalancheGo calls StateSyncableVM (v1.14.2, block/state_syncable_vm.go). undefined means that there is no such
 * summary. An error in the node's own sync ends the chain. After an error in a call for a peer, it waits in vain.
 */
export interface StateSync {
  /**
   * StateSyncEnabled: whether this node should sync at its start. It may offer summaries anyway. An error ends the
   * chain.
   */
  isEnabled(): Awaitable<boolean>;
  /**
   * GetOngoingSyncStateSummary: the summary of an interrupted sync. Called when the sync begins. An error ends the
   * chain.
   */
  getOngoingSyncStateSummary(): Awaitable<StateSummary | undefined>;
  /** GetLastStateSummary: the newest summary that this node can offer to peers. */
  getLastStateSummary(): Awaitable<StateSummary | undefined>;
  /** ParseStateSummary: any peer may send anything. Throws if the bytes are not a summary: the node drops them. */
  parseStateSummary(bytes: Uint8Array): Awaitable<StateSummary>;
  /** GetStateSummary: the summary that this node offers at a height. Peers ask before they vote. */
  getStateSummary(height: bigint): Awaitable<StateSummary | undefined>;
  /**
   * StateSummaryAccept: the network agrees on this summary. Starts the sync and says how it runs, without waiting for
   * its end. At the end, `waitForEvent` gives "state sync done", and `lastAccepted` must be the summary's block. Gives
   * "skipped" if a sync is not worth it. An error ends the chain.
   */
  acceptStateSummary(bytes: Uint8Array): Awaitable<StateSyncMode>;
}

/**
 * A figure, or several with different labels. The node puts the VM's id before the name, and adds a label `chain` to
 * each sample. A metric that the node could not merge with those of other chains is left out, and logged.
 */
export interface Metric {
  /**
   * Letters, digits, `_` and `:`, as Prometheus requires. Of two with one name the first counts, the process's own
   * first.
   */
  readonly name: string;
  /** One line for people. */
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** No two have the same labels. No label is called `chain` or begins with `__`. */
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What Initialize says about the node and the chain, and the services of the node. Valid until `shutdown` is done. */
export interface NodeContext {
  /** The number of the RPCChainVM protocol that the node speaks: 16 to 46, or a newer one that the operator has set. */
  readonly protocol: number;
  /** 1 is Mainnet, 5 Fuji. */
  readonly networkId: number;
  readonly subnetId: Id;
  readonly chainId: Id;
  /** The node's own id. */
  readonly nodeId: NodeId;
  /** The node's BLS key, 48 bytes; empty until protocol 23. */
  readonly publicKey: Uint8Array;
  /** What the chain was created with: any bytes, the same on every node. */
  readonly genesisBytes: Uint8Array;
  /** The bytes of the chain's upgrade.json; empty if there is none. */
  readonly upgradeBytes: Uint8Array;
  /** The bytes of the chain's config.json; empty if there is none. */
  readonly configBytes: Uint8Array;
  /**
   * Gives the directory for the chain's data, which may not exist yet. Until protocol 19 the node names none: then it
   * is `configured`, which an operator may set, else the place that later nodes name. Throws if neither is known.
   */
  readonly chainDataDir: (configured?: string) => string;
  /** This chain's part of the node's own database. */
  readonly database: NodeDatabase;
  /** Sends to peers. `open` must not wait for their answers: the node delivers none before Initialize is answered. */
  readonly appSender: AppSender;
  /**
   * The validators of the chain's subnet, and of others. Undefined until protocol 18, which cannot ask for them. It
   * works from Initialize on, but its answers are old until the P-Chain is up to date. In "normal operation" it is.
   */
  readonly validators: Validators | undefined;
  /** The plugin's log: lines of JSON on standard error, which the node writes into the chain's log. */
  readonly log: Log;
}
