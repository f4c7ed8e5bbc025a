import type { Awaitable } from "../avalanche/awaitable.ts";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import type { Digest } from "../core/digest.ts";
import type { ChainError } from "../core/errors.ts";
import type { Listing } from "../core/listing.ts";
import type { Submission } from "../core/proposal.ts";
import type { Status } from "./status.ts";

// What those who answer clients know of the chain. They may run on another thread than consensus: what only that one
// knows comes by a promise there.

/** What clients may see. */
export interface ChainView {
  readonly confirmed: ConfirmedBlocks;
  /** What became of data with this digest. Throws "database failed". */
  receiptOf(digest: Digest): Receipt | Promise<Receipt>;
  status(): Status | Promise<Status>;
}

/** What only the thread of consensus knows, or does, for clients. All of it may come by a promise. */
export interface AskedChain {
  readonly propose: Propose;
  /** What becomes of data that no accepted block carries. */
  undecided(digest: Digest): Awaitable<UndecidedStatus>;
  status(): Awaitable<Status>;
}

/**
 * Takes data to be put into blocks; the same data once while it waits. Throws "database failed" or "shut down" for all.
 */
export type Propose = (batch: readonly Submission[]) => Refusals | Promise<Refusals>;

/** For each item undefined when it is on disk, or why it was not taken: "data too large" or "mempool full". */
export type Refusals = readonly (ChainError | undefined)[];

/** What became of some data. */
export type Receipt =
  /** The first block that carries it. */
  { readonly status: "accepted"; readonly block: Block } | { readonly status: UndecidedStatus };

/** In a block that may still be rejected, or be lost in a crash; waiting for a block; or neither. */
export type UndecidedStatus = "processing" | "pending" | "unknown";

/**
 * The accepted blocks that the node's database knows too. After a crash the chain is rewound to these, so no method
 * gives a later one. Heights and timestamps are any u64. Reading throws "database failed".
 */
export interface ConfirmedBlocks {
  readonly last: Block;
  getBlock(id: Id): Block | undefined;
  getBlockAtHeight(height: bigint): Block | undefined;
  /** The last block whose timestamp is not after the given one: those that follow it are of a later time. */
  getBlockAt(timestamp: bigint): Block | undefined;
  /** One block after the other, each read when it is asked for; "descending" from above the last block begins there. */
  blocksFrom(height: bigint, order: Order): Generator<Block, void>;
  getListingAtHeight(height: bigint): Listing | undefined;
  /** The same as `blocksFrom` for lists. */
  listingsFrom(height: bigint, order: Order): Generator<Listing, void>;
  /** The lowest block, from a height up (0 where none is given), whose data hashes to the digest. */
  findData(digest: Digest, from?: bigint): Block | undefined;
  /**
   * Every block, from a height up, whose data hashes to the digest, or is the digest, 32 bytes. The lowest comes first,
   * each read when it is asked for.
   */
  find(digest: Digest, from?: bigint): Generator<Block, void>;
  /** The same as `find` for lists. */
  findListings(digest: Digest, from?: bigint): Generator<Listing, void>;
  /**
   * Resolves when there is a block at the height, when `ms` have passed or when `signal` aborts; at once if it is
   * there. Calls of one caller share places. Rejects with "shut down" or "too many waiting".
   */
  waitForHeight(height: bigint, ms: number, signal: AbortSignal, caller: string): Promise<void>;
  /** The same for a block whose data hashes to the digest. */
  waitForDigest(digest: Digest, ms: number, signal: AbortSignal, caller: string): Promise<void>;
}

export type Order = "ascending" | "descending";
