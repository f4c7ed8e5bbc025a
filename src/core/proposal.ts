import type { NodeId } from "../avalanche/node-id.ts";
import type { Digest } from "./digest.ts";

/**
 * Bytes of data in one block. A block holds its data as hex, twice as long, and must fit with its headers into the 2
 * MiB that AvalancheGo sends at once (v1.14.2, utils/constants/networking.go:17), or no peer would ever see it.
 */
export const maxDataBytes = 1_000_000;

/** What a client asks to put into a block. */
export interface Submission {
  readonly data: Uint8Array;
  /** Who asks. What one caller has under way counts together. */
  readonly caller: string;
}

/** Data that waits for a block. It is named by its digest. */
export interface Proposal {
  readonly digest: Digest;
  /** Bytes of its data. */
  readonly bytes: number;
  /** When it came, Unix seconds. */
  readonly since: bigint;
  /** The node that gossiped it; undefined for a client of this node, whom we have answered. */
  readonly peer: NodeId | undefined;
}
