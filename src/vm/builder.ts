import { type Block, createBlock } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { Proposal } from "../core/proposal.ts";
import { maxFutureSeconds, verifyChild } from "../core/verify.ts";
import type { Work } from "./build-event.ts";
import type { Clock } from "./clock.ts";
import type { Decisions } from "./decisions.ts";
import type { Mempool } from "./mempool/mempool.ts";
import type { ProcessingBlocks } from "./processing.ts";

/** What a builder works with. */
export interface BuilderParts {
  readonly clock: Clock;
  readonly mempool: Mempool;
  readonly processing: ProcessingBlocks;
  readonly decisions: Decisions;
  readonly minBlockIntervalMs: number;
}

/** Makes blocks of what waits, on the preferred block, and knows when it can. */
export class Builder {
  readonly #parts: BuilderParts;
  #preferred: Block;
  #preferredSinceMs = Number.NEGATIVE_INFINITY;
  #built = 0;

  constructor(parts: BuilderParts) {
    this.#parts = parts;
    this.#preferred = parts.decisions.lastAccepted;
  }

  /** The block that the next one is built on. */
  get preferred(): Block {
    return this.#preferred;
  }

  /** Makes a block the preferred one. If it is another one than before, the block interval begins now. */
  prefer(block: Block): void {
    if (block.id !== this.#preferred.id) this.#preferredSinceMs = this.#parts.clock.elapsedMs();
    this.#preferred = block;
  }

  /** How many blocks were built since the start. */
  get built(): number {
    return this.#built;
  }

  /** Seconds by which the preferred block is ahead of our clock, if no block on it could be valid yet; else 0. */
  get secondsTooEarly(): bigint {
    const seconds = this.#preferred.timestamp - this.#parts.clock.now();
    return seconds >= maxFutureSeconds ? seconds : 0n;
  }

  /** What the next block should carry. Throws "nothing to build" or "too early". */
  expectProposal(): Proposal {
    const proposal = this.#nextProposal();
    if (proposal === undefined) throw new ChainError({ code: "nothing to build" });
    if (this.#waitMs > 0) throw new ChainError({ code: "too early", waitMs: this.#waitMs });
    return proposal;
  }

  /**
   * Makes a block with this proposal. Parent, data and second make its id, so where that block was rejected, the next
   * second is taken. Throws "future timestamp" while that is too far ahead of our clock, or "database failed".
   */
  build(proposal: Proposal): Block {
    const { clock, mempool, decisions } = this.#parts;
    const parent = this.#preferred;
    const now = clock.now();
    const data = mempool.readData(proposal);
    // A parent from a faster clock must not stop us: its time is a valid one.
    for (let timestamp = now > parent.timestamp ? now : parent.timestamp; ; timestamp++) {
      const block = createBlock({ parentId: parent.id, height: parent.height + 1n, timestamp, data });
      verifyChild(block, parent, now);
      if (decisions.wasRejected(block)) continue;
      this.#built++;
      return block;
    }
  }

  /** What a build would do; undefined where it would do nothing, or only another clock could help. */
  nextWork(): Work | undefined {
    if (this.secondsTooEarly > 0n) return undefined;
    const proposal = this.#nextProposal();
    return proposal && { name: `${this.#preferred.id} ${proposal.digest}`, waitMs: this.#waitMs };
  }

  #nextProposal(): Proposal | undefined {
    const { mempool, processing } = this.#parts;
    return mempool.next(this.#preferred.height + 1n, processing.carriedTo(this.#preferred.id));
  }

  /** Milliseconds that are left of the interval between the preferred block and the next one. */
  get #waitMs(): number {
    const { clock, minBlockIntervalMs } = this.#parts;
    return Math.max(0, Math.ceil(this.#preferredSinceMs + minBlockIntervalMs - clock.elapsedMs()));
  }
}
