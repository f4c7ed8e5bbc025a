import type { Clock } from "../../src/vm/clock.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  /** What `now` says, Unix seconds. Set it to any value, an earlier one too. */
  seconds: bigint;
  #ms = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly task: () => void }>();

  constructor(seconds = 1_700_000_000n) {
    this.seconds = seconds;
  }

  /** How many tasks wait for their time. */
  get waiting(): number {
    return this.#timers.size;
  }

  now(): bigint {
    return this.seconds;
  }

  elapsedMs(): number {
    return this.#ms;
  }

  after(ms: number, task: () => void): () => void {
    const timer = { atMs: this.#ms + ms, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, and runs what falls due in it, each task at its own time. `now` stays. */
  advanceMs(ms: number): void {
    const untilMs = this.#ms + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.#ms = next.atMs;
      next.task();
    }
    this.#ms = untilMs;
  }
}
