import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";

/** Milliseconds beyond the block interval, without an accepted block, after which health reports what waits. */
export const maxStallMs = 60_000;

/** Whether the proposals that wait are on their way into blocks. */
export class Stall {
  readonly #clock: Clock;
  readonly #maxStallMs: number;
  readonly #failureByTask = new Map<string, unknown>();
  #atMs: number;

  constructor(clock: Clock, minBlockIntervalMs: number) {
    this.#clock = clock;
    this.#maxStallMs = maxStallMs + minBlockIntervalMs;
    this.#atMs = clock.elapsedMs();
  }

  /** To be called when a block was accepted, and when a proposal came while none waited: the time starts anew. */
  mark(): void {
    this.#atMs = this.#clock.elapsedMs();
    this.#failureByTask.clear();
  }

  /** Does `work`. If it throws, that is remembered, until it is done again. */
  watch<T>(task: string, work: () => T): T {
    try {
      const result = work();
      this.#failureByTask.delete(task);
      return result;
    } catch (error) {
      this.#failureByTask.set(task, error);
      throw error;
    }
  }

  /** The same for work that comes again by itself: gives whether it was done, and health reports why not. */
  attempt(task: string, work: () => void): boolean {
    try {
      this.watch(task, work);
      return true;
    } catch {
      return false;
    }
  }

  /** While `items` proposals wait: throws what a task threw last, or "proposals wait" if they wait too long. */
  check(items: number): void {
    if (items === 0) return;
    for (const failure of this.#failureByTask.values()) throw failure;
    const stalledMs = this.#clock.elapsedMs() - this.#atMs;
    if (stalledMs > this.#maxStallMs) {
      throw new ChainError({ code: "proposals wait", items, seconds: Math.floor(stalledMs / 1_000) });
    }
  }
}
