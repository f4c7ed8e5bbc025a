import type { Clock } from "../../src/vm/clock.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #wallMs: bigint;
  #ms = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly task: () => void }>();

  constructor(seconds = 1_700_000_000n) {
    this.#wallMs = seconds * 1_000n;
  }

  /** What `now` says, Unix seconds. Set it to any value, an earlier one too. */
  get seconds(): bigint {
    return this.#wallMs / 1_000n;
  }

  set seconds(seconds: bigint) {
    this.#wallMs = seconds * 1_000n;
  }

  /** How many tasks wait for their time. */
  get waiting(): number {
    return this.#timers.size;
  }

  now(): bigint {
    return this.seconds;
  }

  nowMs(): bigint {
    return this.#wallMs;
  }

  elapsedMs(): number {
    return this.#ms;
  }

  after(ms: number, task: () => void): () => void {
    const timer = { atMs: this.#ms + ms, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Sets the wall clock, forwards or backwards. */
  setMs(byMs: number): void {
    this.#wallMs += BigInt(byMs);
  }

  /** Lets time pass, and runs what falls due in it, each task at its own time. `now` stays. */
  advanceMs(ms: number): void {
    this.#advanceMs(ms, () => {});
  }

  /** The same, while the wall clock goes as it should. */
  passMs(ms: number): void {
    this.#advanceMs(ms, (passedMs) => this.setMs(passedMs));
  }

  #advanceMs(ms: number, onPassed: (ms: number) => void): void {
    const untilMs = this.#ms + ms;
    const moveTo = (ms: number) => {
      onPassed(ms - this.#ms);
      this.#ms = ms;
    };
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      moveTo(next.atMs);
      next.task();
    }
    moveTo(untilMs);
  }
}
