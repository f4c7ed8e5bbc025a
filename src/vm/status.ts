import type { BlockSummary } from "../core/block.ts";

/** How far the node is with this chain (avalanchego v1.14.2, snow/state.go). */
export type State = "initializing" | "state syncing" | "bootstrapping" | "normal operation";

/** What the VM says of itself. */
export interface Status {
  readonly state: State;
  readonly lastAccepted: BlockSummary;
  /** The block to build on. */
  readonly preference: BlockSummary;
  readonly processing: number;
  readonly mempool: MempoolStatus;
  /** Size of the database file, without its write-ahead log. */
  readonly databaseBytes: bigint;
  readonly blocks: Readonly<Record<"built" | "verified" | "accepted" | "rejected", number>>;
  readonly proposals: Readonly<Record<"submitted" | "received" | "gossiped" | "refused" | "expired", number>>;
  /** Nodes that are connected. */
  readonly peers: number;
  /** Since the chain was opened. */
  readonly uptimeSeconds: bigint;
}

/** What waits for a block. */
export interface MempoolStatus {
  readonly items: number;
  readonly bytes: number;
  /** How long the first of them waits. */
  readonly oldestSeconds: bigint;
}
