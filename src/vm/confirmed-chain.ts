import type { Id } from "../avalanche/id.ts";
import type { IdRange } from "../avalanche/id-start.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import type { Listing } from "../core/listing.ts";
import type { FirstSight } from "../core/time-claim.ts";
import type { BlockReader } from "../store/block-reader.ts";
import type { ConfirmedBlocks, Order } from "./chain-view.ts";
import type { Clock } from "./clock.ts";
import { WaitingCalls } from "./waiting-calls.ts";

/**
 * Shared by the code that confirms blocks and the code that waits for them, which may run on two threads.
 */
export interface ConfirmedHead {
  /** The height of the last confirmed block. */
  height: bigint;
  /** How many calls wait for a block. If there are some, whoever sets the height must have `wake` called. */
  waiting: number;
}

/**
 * The `ConfirmedBlocks` of a file, which may hold later blocks as well. The confirmed height may grow at any moment: so
 * each method looks at it once, or before it reads.
 */
export class ConfirmedChain implements ConfirmedBlocks {
  readonly #reader: BlockReader;
  readonly #head: ConfirmedHead;
  readonly #waiters: WaitingCalls<bigint | Digest>;
  #last: Block;
  /** All calls that waited for blocks up to this height were woken. */
  #wokenHeight: bigint;

  /** Takes a reader of a chain, and its confirmed head. */
  constructor(reader: BlockReader, clock: Clock, head: ConfirmedHead) {
    this.#reader = reader;
    this.#head = head;
    this.#waiters = new WaitingCalls(clock, (count) => this.#noteWaiting(count));
    this.#last = reader.expectBlockAtHeight(head.height);
    this.#wokenHeight = head.height;
  }

  /** The newest block that clients may see. */
  get last(): Block {
    const { height } = this.#head;
    if (height !== this.#last.height) this.#last = this.#reader.expectBlockAtHeight(height);
    return this.#last;
  }

  /** Call it when the node's database has the head marker of this accepted block. */
  confirm(block: Block): void {
    this.#last = block;
    this.#head.height = block.height;
    while (this.wake(maxWokenPerTurn));
  }

  /**
   * Wakes the calls that wait for blocks up to the confirmed height, for at most `most` blocks. Gives whether there are
   * more. Call it when the height has grown.
   */
  wake(most: number): boolean {
    let left = most;
    if (this.#waiters.count === 0) this.#wokenHeight = this.#head.height;
    for (const block of this.blocksFrom(this.#wokenHeight + 1n, "ascending")) {
      if (left-- === 0) return true;
      this.#wokenHeight = block.height;
      this.#waiters.wake(block.height);
      this.#waiters.wake(digestOf(block.data));
    }
    return false;
  }

  getBlock(id: Id): Block | undefined {
    const { last } = this;
    return id === last.id ? last : this.#ifConfirmed(this.#reader.getBlock(id));
  }

  findHeights(range: IdRange, limit: number): readonly bigint[] {
    return this.#reader.findHeights(range, limit).filter((height) => height <= this.#head.height);
  }

  getBlockAtHeight(height: bigint): Block | undefined {
    const { last } = this;
    if (height > last.height) return undefined;
    if (height === last.height) return last;
    const block = this.#reader.getBlockAtHeight(height);
    if (block === undefined) throw this.#reader.damaged(`its block at height ${height} is missing`);
    return block;
  }

  getBlockAt(timestamp: bigint): Block | undefined {
    const { last } = this;
    return timestamp >= last.timestamp ? last : this.#reader.getLastBlockAt(timestamp);
  }

  blocksFrom(height: bigint, order: Order): Generator<Block, void> {
    return this.#from(height, order, (at) => this.getBlockAtHeight(at));
  }

  firstSightAt(height: bigint): FirstSight | undefined {
    return height <= this.#head.height ? this.#reader.firstSightAt(height) : undefined;
  }

  getListingAtHeight(height: bigint): Listing | undefined {
    return this.#ifConfirmed(this.#reader.getListingAtHeight(height));
  }

  listingsFrom(height: bigint, order: Order): Generator<Listing, void> {
    return this.#from(height, order, (at) => this.getListingAtHeight(at));
  }

  findData(digest: Digest, from = 0n): Block | undefined {
    return this.#ifConfirmed(this.#reader.findBlock(digest, from));
  }

  find(digest: Digest, from = 0n): Generator<Block, void> {
    const { height } = this.#head;
    return this.#find(digest, from, (wanted, at) => upTo(height, this.#reader.findBlock(wanted, at)));
  }

  findListings(digest: Digest, from = 0n): Generator<Listing, void> {
    const { height } = this.#head;
    return this.#find(digest, from, (wanted, at) => upTo(height, this.#reader.findListing(wanted, at)));
  }

  waitForHeight(height: bigint, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return this.#waiters.wait(height, () => height <= this.#head.height, ms, signal, caller);
  }

  waitForDigest(digest: Digest, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return this.#waiters.wait(digest, () => this.findData(digest) !== undefined, ms, signal, caller);
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiters.count;
  }

  /** Rejects all waiting calls. */
  close(): void {
    this.#waiters.close();
  }

  /** Blocks below the height at which the first call starts to wait need not wake anybody. */
  #noteWaiting(count: number): void {
    const isFirst = this.#head.waiting === 0;
    this.#head.waiting = count;
    if (isFirst) this.#wokenHeight = this.#head.height;
  }

  #ifConfirmed<T extends AtHeight>(block: T | undefined): T | undefined {
    return upTo(this.#head.height, block);
  }

  *#from<T>(height: bigint, order: Order, read: (height: bigint) => T | undefined): Generator<T, void> {
    const step = order === "ascending" ? 1n : -1n;
    const lastHeight = this.#head.height;
    const start = order === "descending" && height > lastHeight ? lastHeight : height;
    for (let at = start; at >= 0n; at += step) {
      const block = read(at);
      if (block === undefined) return;
      yield block;
    }
  }

  #find<T extends AtHeight>(digest: Digest, from: bigint, read: Finder<T>): Generator<T, void> {
    return mergeByHeight(findAll(digest, from, read), findAll(digestOf(digestToBytes(digest)), from, read));
  }
}

/** Blocks that one turn reads to wake waiting calls: for the largest blocks, some ten milliseconds. */
export const maxWokenPerTurn = 4;

interface AtHeight {
  readonly height: bigint;
}

function upTo<T extends AtHeight>(height: bigint, block: T | undefined): T | undefined {
  return block !== undefined && block.height <= height ? block : undefined;
}

/** Gives the lowest block at or above a height whose data has this digest. */
type Finder<T> = (digest: Digest, from: bigint) => T | undefined;

function* findAll<T extends AtHeight>(digest: Digest, from: bigint, read: Finder<T>): Generator<T, void> {
  for (let at = from; ; ) {
    const block = read(digest, at);
    if (block === undefined) return;
    yield block;
    at = block.height + 1n;
  }
}

function* mergeByHeight<T extends AtHeight>(a: Generator<T, void>, b: Generator<T, void>): Generator<T, void> {
  let [nextA, nextB] = [a.next().value, b.next().value];
  while (nextA !== undefined || nextB !== undefined) {
    if (nextA !== undefined && (nextB === undefined || nextA.height < nextB.height)) {
      yield nextA;
      nextA = a.next().value;
    } else if (nextB !== undefined) {
      yield nextB;
      nextB = b.next().value;
    }
  }
}
