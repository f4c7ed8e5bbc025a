import type { NodeId } from "../avalanche/node-id.ts";
import type { Config } from "../core/config.ts";
import type { Disk } from "../store/disk.ts";
import type { Clock } from "./clock.ts";
import type { ConfirmedHead } from "./confirmed-chain.ts";

/** What a chain needs besides its blocks. */
export interface VmOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** The node's own id, whose word it is when a block was first seen; `noNode` for a chain without a node. */
  readonly nodeId: NodeId;
  /** Called when the clock was set, or the machine slept, with the milliseconds by which the clock jumped. */
  readonly onClockSet?: (jumpMs: number) => void;
  /** Syncs commits on other threads. The VM closes it. Without it, each commit itself waits for the disk. */
  readonly disk?: Disk;
  /** Sends data that a client proposed here to other nodes. It may be lost on the way. */
  readonly gossip: (data: Uint8Array) => void;
  /** Keeps the confirmed height, to share it with another thread. */
  readonly head?: ConfirmedHead;
}
