import type { NodeId } from "../avalanche/node-id.ts";
import type { Digest } from "./digest.ts";

/**
 * The most bytes of data in one block. A block holds its data as hex, which is twice as long. With its headers it must
 * fit into the 2 MiB of one AvalancheGo message (v1.14.2, utils/constants/networking.go:17), or no peer could get it.
 */
export const maxDataBytes = 1_000_000;

/** What a client asks to put into a block. */
export interface Submission {
  readonly data: Uint8Array;
  /** The name of the client. All submissions of one caller share its limits. */
  readonly caller: string;
  /** Whether any accepted block with the data is enough, as for a stamp. Else one more is made. */
  readonly once?: boolean;
}

/** Data that waits for a block, identified by its digest. */
export interface Proposal {
  readonly digest: Digest;
  /** Bytes of the data. */
  readonly bytes: number;
  /** When it arrived, in Unix seconds. */
  readonly since: bigint;
  /** The node that gossiped it; undefined if a client of this node proposed it and got an answer. */
  readonly peer: NodeId | undefined;
}
