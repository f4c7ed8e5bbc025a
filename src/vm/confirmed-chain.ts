import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import type { Listing } from "../core/listing.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { ConfirmedBlocks, Order } from "./chain-view.ts";
import type { Clock } from "./clock.ts";
import { WaitingCalls } from "./waiting-calls.ts";

/** See `ConfirmedBlocks`: those of the store, up to the last that was confirmed. */
export class ConfirmedChain implements ConfirmedBlocks {
  readonly #store: BlockStore;
  readonly #waiters: WaitingCalls<bigint | Digest>;
  #last: Block;

  /** Takes a store that holds a chain, all of it confirmed. */
  constructor(store: BlockStore, clock: Clock) {
    this.#store = store;
    this.#waiters = new WaitingCalls(clock);
    this.#last = store.lastAccepted();
  }

  /** The newest block that clients may see. */
  get last(): Block {
    return this.#last;
  }

  /** To be called when the node's database has the head marker of this accepted block. */
  confirm(block: Block): void {
    const { height } = this.#last;
    this.#last = block;
    if (this.#waiters.count === 0) return;
    for (const confirmed of this.blocksFrom(height + 1n, "ascending")) {
      this.#waiters.wake(confirmed.height);
      this.#waiters.wake(digestOf(confirmed.data));
    }
  }

  getBlock(id: Id): Block | undefined {
    return id === this.#last.id ? this.#last : this.#ifConfirmed(this.#store.getBlock(id));
  }

  getBlockAtHeight(height: bigint): Block | undefined {
    if (height > this.#last.height) return undefined;
    if (height === this.#last.height) return this.#last;
    const block = this.#store.getBlockAtHeight(height);
    if (block === undefined) throw this.#store.damaged(`its block at height ${height} is missing`);
    return block;
  }

  getBlockAt(timestamp: bigint): Block | undefined {
    return timestamp >= this.#last.timestamp ? this.#last : this.#store.getLastBlockAt(timestamp);
  }

  blocksFrom(height: bigint, order: Order): Generator<Block, void> {
    return this.#from(height, order, (at) => this.getBlockAtHeight(at));
  }

  getListingAtHeight(height: bigint): Listing | undefined {
    return this.#ifConfirmed(this.#store.getListingAtHeight(height));
  }

  listingsFrom(height: bigint, order: Order): Generator<Listing, void> {
    return this.#from(height, order, (at) => this.getListingAtHeight(at));
  }

  findData(digest: Digest, from = 0n): Block | undefined {
    return this.#ifConfirmed(this.#store.findBlock(digest, from));
  }

  find(digest: Digest, from = 0n): Generator<Block, void> {
    return this.#find(digest, from, (wanted, at) => this.findData(wanted, at));
  }

  findListings(digest: Digest, from = 0n): Generator<Listing, void> {
    return this.#find(digest, from, (wanted, at) => this.#ifConfirmed(this.#store.findListing(wanted, at)));
  }

  waitForHeight(height: bigint, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return this.#waiters.wait(height, () => height <= this.#last.height, ms, signal, caller);
  }

  waitForDigest(digest: Digest, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return this.#waiters.wait(digest, () => this.findData(digest) !== undefined, ms, signal, caller);
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiters.count;
  }

  /** Ends all waiting. */
  close(): void {
    this.#waiters.close();
  }

  #ifConfirmed<T extends AtHeight>(block: T | undefined): T | undefined {
    return block !== undefined && block.height <= this.#last.height ? block : undefined;
  }

  *#from<T>(height: bigint, order: Order, read: (height: bigint) => T | undefined): Generator<T, void> {
    const step = order === "ascending" ? 1n : -1n;
    const start = order === "descending" && height > this.#last.height ? this.#last.height : height;
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

interface AtHeight {
  readonly height: bigint;
}

/** Gives the lowest block, from a height up, whose data has this digest. */
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
