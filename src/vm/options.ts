import type { Config } from "../core/config.ts";
import type { Disk } from "../store/disk.ts";
import type { Clock } from "./clock.ts";
import type { ConfirmedHead } from "./confirmed-chain.ts";

/** What a chain needs besides its blocks. */
export interface VmOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Syncs what is committed, and is closed with the VM. Without one, each commit waits for the disk itself. */
  readonly disk?: Disk;
  /** Sends data that a client proposed here to the other nodes, soon; it may be lost on the way. */
  readonly gossip: (data: Uint8Array) => void;
  /** Where the confirmed height is kept; without it, where only this VM sees it. */
  readonly head?: ConfirmedHead;
}
