import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";

/** Milliseconds without an accepted block, beyond the block interval, after which health fails if proposals wait. */
export const maxStallMs = 60_000;

/** Notices when waiting proposals do not get into blocks. */
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

  /** Restarts the time. Call it when a block is accepted, and when a proposal comes while none waits. */
  mark(): void {
    this.#atMs = this.#clock.elapsedMs();
    this.#failureByTask.clear();
  }

  /** Does `work`. Keeps the error it throws for `check`, until the same task succeeds. */
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

  /** The same for work that is repeated anyway: does not throw, but gives whether it succeeded. */
  attempt(task: string, work: () => void): boolean {
    try {
      this.watch(task, work);
      return true;
    } catch {
      return false;
    }
  }

  /** If `items` proposals wait: throws the last error of a task, or "proposals wait" if they wait too long. */
  check(items: number): void {
    if (items === 0) return;
    for (const failure of this.#failureByTask.values()) throw failure;
    const stalledMs = this.#clock.elapsedMs() - this.#atMs;
    if (stalledMs > this.#maxStallMs) {
      throw new ChainError({ code: "proposals wait", items, seconds: Math.floor(stalledMs / 1_000) });
    }
  }
}
