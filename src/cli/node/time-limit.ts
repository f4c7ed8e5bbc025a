import type { Clock } from "../../client/waiting.ts";
import { CommandFailed } from "../command-failed.ts";

/** An answer did not come in time. */
export class LateError extends Error {}

/** The time of `--timeout` is over. */
export class TimeIsOver extends CommandFailed {}

/** How long a command may ask: the seconds of `--timeout`, from its first question on. */
export class TimeLimit {
  readonly #seconds: number | undefined;
  readonly #clock: Clock;
  #startMs: number | undefined;

  constructor(seconds: number | undefined, clock: Clock) {
    this.#seconds = seconds;
    this.#clock = clock;
  }

  /** Milliseconds that are left; Infinity without a limit. */
  leftMs(): number {
    if (this.#seconds === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.nowMs();
    this.#startMs ??= nowMs;
    return this.#startMs + this.#seconds * 1_000 - nowMs;
  }

  /**
   * Runs `work`, which may take `ms` milliseconds, and no more than are left. The limit 0 is only about blocks: one
   * that forbids every answer would be of no use. Rejects with a `LateError`, or with what `over` gives.
   */
  async within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, over: () => TimeIsOver): Promise<T> {
    const leftMs = this.#seconds === 0 ? Number.POSITIVE_INFINITY : this.leftMs();
    if (leftMs <= 0) throw over();
    const late = new AbortController();
    const done = new AbortController();
    void this.#clock.pause(Math.min(ms, leftMs), done.signal).then(() => {
      if (!done.signal.aborted) late.abort(leftMs < ms ? over() : new LateError(`no answer within ${ms / 1_000} s`));
    });
    try {
      return await work(late.signal);
    } finally {
      done.abort();
    }
  }
}
