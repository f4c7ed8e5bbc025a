import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { Decision } from "../store/block-reader.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { Clock } from "./clock.ts";
import type { ProcessingBlock, ProcessingBlocks } from "./processing.ts";
import type { Stall } from "./stall.ts";

/** The most lost blocks that one turn writes down as rejected: some milliseconds. */
export const maxLostPerSlice = 500;
/** Milliseconds between two such slices, so that other work gets its turn. */
const sliceMs = 10;

export interface DecisionsParts {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly processing: ProcessingBlocks;
  readonly stall: Stall;
}

/**
 * What consensus has decided. When a block is accepted, all others at its height have lost. They are written down as
 * rejected later, in slices, so that an accept takes the same time for any number of losers.
 */
export class Decisions {
  readonly #parts: DecisionsParts;
  #lastAccepted: Block;
  #acceptedAtMs: number;
  #accepted = 0;
  #rejected = 0;
  #cancelSlice: (() => void) | undefined;

  /** Takes a store that holds a chain. */
  constructor(parts: DecisionsParts) {
    this.#parts = parts;
    this.#lastAccepted = parts.store.lastAccepted();
    this.#acceptedAtMs = parts.clock.elapsedMs();
  }

  get lastAccepted(): Block {
    return this.#lastAccepted;
  }

  /** Milliseconds since the last accept, or since the start. */
  get quietMs(): number {
    return this.#parts.clock.elapsedMs() - this.#acceptedAtMs;
  }

  /** How many blocks were decided since the start. */
  get counts(): Readonly<Record<Decision, number>> {
    return { accepted: this.#accepted, rejected: this.#rejected };
  }

  /** What was decided about a block; undefined if nothing was. */
  of(id: Id): Decision | undefined {
    const { store, processing } = this.#parts;
    return processing.getLost(id) === undefined ? store.getDecision(id) : "rejected";
  }

  /** Whether a block that is not accepted was rejected. Reads the file only at heights where that is possible. */
  wasRejected({ id, height }: Block): boolean {
    return height <= this.#parts.store.highestRejected && this.of(id) === "rejected";
  }

  /** Whether a block is processing or accepted. Throws "already rejected". */
  isVerified(id: Id): boolean {
    if (this.#parts.processing.get(id) !== undefined) return true;
    const decision = this.of(id);
    if (decision === "rejected") throw new ChainError({ code: "already rejected", id });
    return decision === "accepted";
  }

  /** Throws "height decided" for a block at or below the height of the last accepted one. */
  expectOpenHeight({ height }: Block): void {
    const { height: lastAcceptedHeight } = this.#lastAccepted;
    if (height <= lastAcceptedHeight) throw new ChainError({ code: "height decided", height, lastAcceptedHeight });
  }

  /**
   * Makes a verified child of the last accepted block the last accepted one. Gives it, or undefined if it was accepted
   * before. Throws "not next", "not processing", "already rejected" or "database failed", and then changes nothing.
   */
  accept(id: Id): ProcessingBlock | undefined {
    const { clock, store, processing } = this.#parts;
    const accepted = processing.get(id);
    if (accepted === undefined) return this.#expectDecided(id, "accepted");
    const { block, digest, firstSight } = accepted;
    if (block.parentId !== this.#lastAccepted.id) {
      throw new ChainError({ code: "not next", id, parentId: block.parentId, lastAcceptedId: this.#lastAccepted.id });
    }
    store.accept(block, digest, firstSight);
    this.#lastAccepted = block;
    this.#acceptedAtMs = clock.elapsedMs();
    this.#accepted++;
    this.#rejected += processing.decide(block);
    this.writeSoon();
    return accepted;
  }

  /**
   * Forgets a verified block. Gives it, or undefined if it had lost or was rejected before. Throws "not processing",
   * "already accepted" or "database failed".
   */
  reject(id: Id): Block | undefined {
    const { store, processing } = this.#parts;
    const lost = processing.getLost(id);
    const block = lost ?? processing.get(id)?.block;
    if (block === undefined) return this.#expectDecided(id, "rejected");
    store.reject(block);
    processing.delete(block);
    if (lost !== undefined) return undefined; // it was counted when it lost
    this.#rejected++;
    return block;
  }

  /** Writes down lost blocks soon. Call it when some may have lost, and now and then, since a slice may fail. */
  writeSoon(): void {
    const { clock, processing, stall } = this.#parts;
    if (this.#cancelSlice !== undefined || processing.lostCount === 0) return;
    this.#cancelSlice = clock.after(sliceMs, () => {
      this.#cancelSlice = undefined;
      if (stall.attempt("rejects", () => this.#writeSlice())) this.writeSoon();
    });
  }

  close(): void {
    this.#cancelSlice?.();
  }

  /** Throws "not processing", "already accepted" or "already rejected" unless the block was decided this way. */
  #expectDecided(id: Id, decision: Decision): undefined {
    const decided = this.of(id);
    if (decided === decision) return undefined;
    if (decided === undefined) throw new ChainError({ code: "not processing", id });
    throw new ChainError({ code: decided === "accepted" ? "already accepted" : "already rejected", id });
  }

  #writeSlice(): void {
    const { store, processing } = this.#parts;
    const lost = processing.someLost(maxLostPerSlice);
    store.rejectAll(lost);
    for (const block of lost) processing.delete(block);
  }
}
