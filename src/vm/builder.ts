import { type Block, createBlock } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { Proposal } from "../core/proposal.ts";
import { maxFutureSeconds, verifyChild } from "../core/verify.ts";
import type { Work } from "./build-event.ts";
import type { Clock } from "./clock.ts";
import type { Decisions } from "./decisions.ts";
import type { Mempool } from "./mempool/mempool.ts";
import type { ProcessingBlocks } from "./processing.ts";

export interface BuilderParts {
  readonly clock: Clock;
  readonly mempool: Mempool;
  readonly processing: ProcessingBlocks;
  readonly decisions: Decisions;
  readonly minBlockIntervalMs: number;
}

/** Builds blocks from waiting proposals on the preferred block, and knows when that is possible. */
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

  /** Makes a block the preferred one. If it was not preferred before, the block interval starts now. */
  prefer(block: Block): void {
    if (block.id !== this.#preferred.id) this.#preferredSinceMs = this.#parts.clock.elapsedMs();
    this.#preferred = block;
  }

  /** How many blocks were built since the start. */
  get built(): number {
    return this.#built;
  }

  /** Seconds by which the preferred block is ahead of our clock, if that is too far to build on it; else 0. */
  get secondsTooEarly(): bigint {
    const seconds = this.#preferred.timestamp - this.#parts.clock.now();
    return seconds >= maxFutureSeconds ? seconds : 0n;
  }

  /** The proposal that the next block should carry. Throws "nothing to build" or "too early". */
  expectProposal(): Proposal {
    const proposal = this.#nextProposal();
    if (proposal === undefined) throw new ChainError({ code: "nothing to build" });
    if (this.#waitMs > 0) throw new ChainError({ code: "too early", waitMs: this.#waitMs });
    return proposal;
  }

  /**
   * Makes a block with this proposal. Its id follows from parent, data and second. If that block was rejected before,
   * the block gets a later second. Throws "future timestamp" if that is too far ahead of our clock, or "database
   * failed".
   */
  build(proposal: Proposal): Block {
    const { clock, mempool, decisions } = this.#parts;
    const parent = this.#preferred;
    const now = clock.now();
    const data = mempool.readData(proposal);
    // If the parent's clock is ahead of ours, the parent's time is valid for its child.
    for (let timestamp = now > parent.timestamp ? now : parent.timestamp; ; timestamp++) {
      const block = createBlock({ parentId: parent.id, height: parent.height + 1n, timestamp, data });
      verifyChild(block, parent, now);
      if (decisions.wasRejected(block)) continue;
      this.#built++;
      return block;
    }
  }

  /** What a build would do; undefined if there is nothing to build, or our clock is too far behind. */
  nextWork(): Work | undefined {
    if (this.secondsTooEarly > 0n) return undefined;
    const proposal = this.#nextProposal();
    return proposal && { name: `${this.#preferred.id} ${proposal.digest}`, waitMs: this.#waitMs };
  }

  #nextProposal(): Proposal | undefined {
    const { mempool, processing } = this.#parts;
    return mempool.next(this.#preferred.height + 1n, processing.carriedTo(this.#preferred.id));
  }

  /** The rest of the interval between the preferred block and the next one, in milliseconds. */
  get #waitMs(): number {
    const { clock, minBlockIntervalMs } = this.#parts;
    return Math.max(0, Math.ceil(this.#preferredSinceMs + minBlockIntervalMs - clock.elapsedMs()));
  }
}
