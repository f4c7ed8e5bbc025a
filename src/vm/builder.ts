import { type Block, createBlock } from "../core/block.ts";
import type { Config } from "../core/config.ts";
import { digestOf } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import { heartbeatOn } from "../core/heartbeat.ts";
import { verifyChild } from "../core/verify.ts";
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
  readonly config: Config;
}

/** What the next block should carry. */
export interface Content extends Work {
  readonly readData: () => Uint8Array;
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
    return seconds >= this.#maxFutureSeconds ? seconds : 0n;
  }

  /** What the next block should carry. Throws "nothing to build" or "too early". */
  expectContent(): Content {
    const content = this.#nextContent();
    if (content === undefined) throw new ChainError({ code: "nothing to build" });
    if (content.waitMs > 0) throw new ChainError({ code: "too early", waitMs: content.waitMs });
    return content;
  }

  /**
   * Makes a block with this content. Its id follows from parent, data and second. If that block was rejected before,
   * the block gets a later second. Throws "future timestamp" if that is too far ahead of our clock, or "database
   * failed".
   */
  build({ readData }: Content): Block {
    const { clock, decisions } = this.#parts;
    const parent = this.#preferred;
    const now = clock.now();
    const data = readData();
    // If the parent's clock is ahead of ours, the parent's time is valid for its child.
    for (let timestamp = now > parent.timestamp ? now : parent.timestamp; ; timestamp++) {
      const block = createBlock({ parentId: parent.id, height: parent.height + 1n, timestamp, data });
      verifyChild(block, parent, now, this.#maxFutureSeconds);
      if (decisions.wasRejected(block)) continue;
      this.#built++;
      return block;
    }
  }

  /** What a build would do; undefined if there is nothing to build, or our clock is too far behind. */
  nextWork(): Work | undefined {
    return this.secondsTooEarly > 0n ? undefined : this.#nextContent();
  }

  #nextContent(): Content | undefined {
    return this.#nextProposal() ?? this.#nextHeartbeat();
  }

  #nextProposal(): Content | undefined {
    const { mempool, processing } = this.#parts;
    const { id, height } = this.#preferred;
    const proposal = mempool.next(height + 1n, processing.carriedTo(id));
    if (proposal === undefined) return undefined;
    return {
      name: `${id} ${proposal.digest}`,
      waitMs: this.#intervalMs,
      readData: () => mempool.readData(proposal),
    };
  }

  /** A block for the time alone, when none was accepted for long. One at a time: none while another is undecided. */
  #nextHeartbeat(): Content | undefined {
    const { config, processing, decisions } = this.#parts;
    const { id } = this.#preferred;
    if (config.heartbeatSeconds === 0 || id !== decisions.lastAccepted.id) return undefined;
    const data = heartbeatOn(id);
    if (processing.carries(digestOf(data))) return undefined;
    const waitMs = Math.ceil(config.heartbeatSeconds * 1_000 - decisions.quietMs);
    return { name: `${id} heartbeat`, waitMs: Math.max(this.#intervalMs, waitMs), readData: () => data };
  }

  get #maxFutureSeconds(): bigint {
    return BigInt(this.#parts.config.maxFutureSeconds);
  }

  /** The rest of the interval between the preferred block and the next one, in milliseconds. */
  get #intervalMs(): number {
    const { clock, config } = this.#parts;
    return Math.max(0, Math.ceil(this.#preferredSinceMs + config.minBlockIntervalMs - clock.elapsedMs()));
  }
}
