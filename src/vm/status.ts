import type { BlockSummary } from "../core/block.ts";

/** What the node does with this chain (avalanchego v1.14.2, snow/state.go). */
export type State = "initializing" | "state syncing" | "bootstrapping" | "normal operation";

/** What the VM reports about itself. Counts are since the chain was opened. */
export interface Status {
  readonly state: State;
  readonly lastAccepted: BlockSummary;
  /** The block that the next one is built on. */
  readonly preference: BlockSummary;
  /** How many blocks are verified and not decided. */
  readonly processing: number;
  readonly mempool: MempoolStatus;
  /** Size of the database file, without its write-ahead log. */
  readonly databaseBytes: bigint;
  readonly blocks: Readonly<Record<"built" | "verified" | "accepted" | "rejected", number>>;
  readonly proposals: ProposalCounts;
  /** How many nodes of the chain are connected. */
  readonly peers: number;
  readonly uptimeSeconds: bigint;
}

/**
 * How many proposals were taken from clients (submitted), sent by peers (received), of these taken (gossiped), of these
 * not taken for lack of room or time (refused), and dropped after `proposalExpirySeconds` (expired).
 */
export type ProposalCounts = Readonly<Record<"submitted" | "received" | "gossiped" | "refused" | "expired", number>>;

/** What waits for a block. */
export interface MempoolStatus {
  readonly items: number;
  /** Bytes of data that they hold. */
  readonly bytes: number;
  /** How long the oldest of them waits. */
  readonly oldestSeconds: bigint;
}
