import type { BlockSummary } from "../core/block.ts";

/** The state of the chain in the node (avalanchego v1.14.2, snow/state.go). */
export type State = "initializing" | "state syncing" | "bootstrapping" | "normal operation";

/** The status of the VM. Counts start when the chain is opened. */
export interface Status {
  readonly state: State;
  readonly lastAccepted: BlockSummary;
  /** The block that the next one is built on. */
  readonly preference: BlockSummary;
  /** How many blocks are verified but not decided. */
  readonly processing: number;
  readonly mempool: MempoolStatus;
  /** Size of the database file, without its write-ahead log. */
  readonly databaseBytes: bigint;
  readonly blocks: Readonly<Record<"built" | "verified" | "accepted" | "rejected", number>>;
  readonly proposals: ProposalCounts;
  readonly firstSights: FirstSightStatus;
  /** How many nodes of the chain are connected. */
  readonly peers: number;
  readonly uptimeSeconds: bigint;
}

/**
 * Numbers of proposals: taken from clients (submitted), sent by peers (received), of these taken (gossiped) or refused
 * for lack of room or time (refused), and dropped after `proposalExpirySeconds` (expired).
 */
export type ProposalCounts = Readonly<Record<"submitted" | "received" | "gossiped" | "refused" | "expired", number>>;

/** When this node first saw blocks. */
export interface FirstSightStatus {
  /** How often the clock was set, or the machine slept. */
  readonly clockSets: number;
  /** How long no sights are noted yet, since the clock was set or says less than before; 0 while they are noted. */
  readonly pausedSeconds: number;
}

/** The proposals that wait for a block. */
export interface MempoolStatus {
  readonly items: number;
  /** Bytes of their data. */
  readonly bytes: number;
  /** How long the oldest one has waited. */
  readonly oldestSeconds: bigint;
}
