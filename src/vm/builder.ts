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

/** Makes blocks of what waits, and knows whether it could. */
export class Builder {
  readonly #parts: BuilderParts;
  #parent: Block;
  #parentSinceMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BuilderParts, parent: Block) {
    this.#parts = parts;
    this.#parent = parent;
  }

  /** The preferred block: the one to build on. */
  get parent(): Block {
    return this.#parent;
  }

  set parent(block: Block) {
    if (block.id !== this.#parent.id) this.#parentSinceMs = this.#parts.clock.elapsedMs();
    this.#parent = block;
  }

  /** How far the parent is ahead of our clock, if that is so far that no block on it would be valid; else 0. */
  get secondsTooEarly(): bigint {
    const seconds = this.#parent.timestamp - this.#parts.clock.now();
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
   * A block on the parent, of the first second that gives one which was not rejected before: that would be for ever.
   * Throws "future timestamp" while it is too far ahead of our clock, or "database failed".
   */
  build(proposal: Proposal): Block {
    const { clock, mempool, decisions } = this.#parts;
    const parent = this.#parent;
    const now = clock.now();
    const data = mempool.readData(proposal);
    // A parent from a faster clock must not stop us: its time is a legal one.
    for (let timestamp = now > parent.timestamp ? now : parent.timestamp; ; timestamp++) {
      const block = createBlock({ parentId: parent.id, height: parent.height + 1n, timestamp, data });
      verifyChild(block, parent, now);
      if (!decisions.wasRejected(block)) return block;
    }
  }

  /** What there is to build; nothing as well when only another clock could help. */
  nextWork(): Work | undefined {
    if (this.secondsTooEarly > 0n) return undefined;
    const proposal = this.#nextProposal();
    return proposal && { name: `${this.#parent.id} ${proposal.digest}`, waitMs: this.#waitMs };
  }

  #nextProposal(): Proposal | undefined {
    const { mempool, processing } = this.#parts;
    return mempool.next(this.#parent.height + 1n, processing.carriedTo(this.#parent.id));
  }

  /** What is left of the interval between the parent and the next block. */
  get #waitMs(): number {
    const { clock, minBlockIntervalMs } = this.#parts;
    return Math.max(0, Math.ceil(this.#parentSinceMs + minBlockIntervalMs - clock.elapsedMs()));
  }
}
