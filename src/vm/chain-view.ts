import type { Awaitable } from "../avalanche/awaitable.ts";
import type { Id } from "../avalanche/id.ts";
import type { IdRange } from "../avalanche/id-start.ts";
import type { Block } from "../core/block.ts";
import type { Digest } from "../core/digest.ts";
import type { ChainError } from "../core/errors.ts";
import type { Listing } from "../core/listing.ts";
import type { Submission } from "../core/proposal.ts";
import type { FirstSight } from "../core/time-claim.ts";
import type { Status } from "./status.ts";

// The chain as seen by the code that answers clients. It may run on another thread than consensus. There, all that only
// the thread of consensus knows comes by a promise.

/** What clients may see. */
export interface ChainView {
  readonly confirmed: ConfirmedBlocks;
  /** The status of data with this digest. Throws "database failed". */
  receiptOf(digest: Digest): Receipt | Promise<Receipt>;
  status(): Status | Promise<Status>;
}

/** What only the thread of consensus can do or answer for clients. */
export interface AskedChain {
  readonly propose: Propose;
  /** The status of data that no accepted block carries. */
  undecided(digest: Digest): Awaitable<UndecidedStatus>;
  status(): Awaitable<Status>;
}

/**
 * Takes data that should get into blocks. Data is not added again while it waits, or while clients do not see the
 * accepted block that carries it; with `once`, if any accepted block carries it. Throws "database failed" or "shut
 * down" for the whole batch.
 */
export type Propose = (batch: readonly Submission[]) => Refusals | Promise<Refusals>;

/** For each item, undefined if it is on disk, or why it was refused: "data too large" or "mempool full". */
export type Refusals = readonly (ChainError | undefined)[];

/** The status of some data. */
export type Receipt =
  /** The first block that carries it. */
  { readonly status: "accepted"; readonly block: Block } | { readonly status: UndecidedStatus };

/** "processing": in a block that may still be rejected, or lost in a crash; "pending": waiting for a block. */
export type UndecidedStatus = "processing" | "pending" | "unknown";

/**
 * The accepted blocks that the node's database knows too. A crash may rewind the chain to the last of these, so no
 * method gives a later one. Heights and timestamps are any u64. Reading throws "database failed".
 */
export interface ConfirmedBlocks {
  readonly last: Block;
  getBlock(id: Id): Block | undefined;
  /** The heights of up to `limit` blocks whose ids are in a range. */
  findHeights(range: IdRange, limit: number): readonly bigint[];
  getBlockAtHeight(height: bigint): Block | undefined;
  /** The last block whose timestamp is not after the given one. */
  getBlockAt(timestamp: bigint): Block | undefined;
  /** The blocks from a height on, each read when it is needed. "descending" starts at the last block at most. */
  blocksFrom(height: bigint, order: Order): Generator<Block, void>;
  /** When the block at a height was first seen; undefined if that is not known. */
  firstSightAt(height: bigint): FirstSight | undefined;
  getListingAtHeight(height: bigint): Listing | undefined;
  /** The listings of the blocks that `blocksFrom` gives. */
  listingsFrom(height: bigint, order: Order): Generator<Listing, void>;
  /** The lowest block at or above height `from` (or 0) whose data has this digest. */
  findData(digest: Digest, from?: bigint): Block | undefined;
  /**
   * All blocks at or above height `from` (or 0) whose data has this digest, or is the digest itself, 32 bytes. The
   * lowest comes first. Each is read when it is needed.
   */
  find(digest: Digest, from?: bigint): Generator<Block, void>;
  /** The listings of the blocks that `find` gives. */
  findListings(digest: Digest, from?: bigint): Generator<Listing, void>;
  /**
   * Resolves when there is a block at the height, when `ms` have passed or when `signal` aborts; at once if the block
   * is there. Calls with the same `caller` share one limit. Rejects with "shut down" or "too many waiting".
   */
  waitForHeight(height: bigint, ms: number, signal: AbortSignal, caller: string): Promise<void>;
  /** The same for a block whose data has this digest. */
  waitForDigest(digest: Digest, ms: number, signal: AbortSignal, caller: string): Promise<void>;
}

export type Order = "ascending" | "descending";
