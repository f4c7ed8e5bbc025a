import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";

/** Proposals may wait so long, beside the block interval, without any block being accepted; beyond, health says so. */
export const maxStallMs = 60_000;

/** Whether what waits is on its way into blocks. */
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

  /** To be called when a block was accepted, or when there was none to make. */
  mark(): void {
    this.#atMs = this.#clock.elapsedMs();
    this.#failureByTask.clear();
  }

  /** Does `work`, and remembers whether it failed, until it is done again. */
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

  /** While `items` proposals wait: throws what the last run of a task threw, or "proposals wait" if they wait too long. */
  check(items: number): void {
    if (items === 0) return;
    for (const failure of this.#failureByTask.values()) throw failure;
    const stalledMs = this.#clock.elapsedMs() - this.#atMs;
    if (stalledMs > this.#maxStallMs) {
      throw new ChainError({ code: "proposals wait", items, seconds: Math.floor(stalledMs / 1_000) });
    }
  }
}
