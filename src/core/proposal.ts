import type { NodeId } from "../avalanche/node-id.ts";
import type { Digest } from "./digest.ts";

/**
 * A block is hex text of twice its data, and must fit with its headers into the 2 MiB that AvalancheGo sends at once
 * (v1.14.2, utils/constants/networking.go:17): larger data could be built into a block that no peer ever sees.
 */
export const maxDataBytes = 1_000_000;

/** What a client asks to put into a block. */
export interface Submission {
  readonly data: Uint8Array;
  /** Who it is: calls of one share room. */
  readonly caller: string;
}

/** Data that waits for a block, known by its digest. */
export interface Proposal {
  readonly digest: Digest;
  /** Bytes of its data. */
  readonly bytes: number;
  /** When it came, Unix seconds. */
  readonly since: bigint;
  /** Who told us; undefined for a client of this node, to whom we have answered. */
  readonly peer: NodeId | undefined;
}
