import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { Decision } from "../store/block-reader.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { Clock } from "./clock.ts";
import type { ProcessingBlocks } from "./processing.ts";
import type { Stall } from "./stall.ts";

/** How many blocks that have lost are written down as rejected in one turn: some milliseconds. */
export const maxLostPerSlice = 500;
/** Between one such slice and the next, in which others have their turn. */
const sliceMs = 10;

export interface DecisionsParts {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly processing: ProcessingBlocks;
  readonly stall: Stall;
}

/**
 * What was decided. That a block has lost follows from the accept of another one; it is written down in slices, so that
 * an accept takes no longer, however many have lost.
 */
export class Decisions {
  readonly #parts: DecisionsParts;
  #cancelSlice: (() => void) | undefined;

  constructor(parts: DecisionsParts) {
    this.#parts = parts;
  }

  of(id: Id): Decision | undefined {
    const { store, processing } = this.#parts;
    return processing.getLost(id) === undefined ? store.getDecision(id) : "rejected";
  }

  /** The same for a block that is not accepted: most are above all that were rejected, which costs no look-up. */
  wasRejected({ id, height }: Block): boolean {
    return height <= this.#parts.store.highestRejected && this.of(id) === "rejected";
  }

  /** Throws "not processing", "already accepted" or "already rejected" when it is not this. */
  expect(id: Id, decision: Decision): void {
    const decided = this.of(id);
    if (decided === decision) return;
    if (decided === undefined) throw new ChainError({ code: "not processing", id });
    throw new ChainError({ code: decided === "accepted" ? "already accepted" : "already rejected", id });
  }

  /** To be called when some may have lost, and now and then, since a slice may fail. */
  writeSoon(): void {
    const { clock, processing, stall } = this.#parts;
    if (this.#cancelSlice !== undefined || processing.lostCount === 0) return;
    this.#cancelSlice = clock.after(sliceMs, () => {
      this.#cancelSlice = undefined;
      try {
        stall.watch("rejects", () => this.#writeSlice());
      } catch {
        return; // Health reports it, and the disk may be a better one later.
      }
      this.writeSoon();
    });
  }

  close(): void {
    this.#cancelSlice?.();
  }

  #writeSlice(): void {
    const { store, processing } = this.#parts;
    const lost = processing.someLost(maxLostPerSlice);
    store.rejectAll(lost);
    for (const block of lost) processing.delete(block);
  }
}
