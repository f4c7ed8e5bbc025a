import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";

/**
 * How long the same work is not announced again. The node asks again at once when a build failed
 * (avalanchego v1.14.2, snow/engine/snowman/block/notifier.go:88-107), without any pause of its own.
 */
export const repeatAfterMs = 250;

/** What a build would do. */
export interface Work {
  /** The same name exactly for the same block to come. */
  readonly name: string;
  /** How long it must still wait, milliseconds. */
  readonly waitMs: number;
}

/**
 * Tells the node when there is something to build. Level-triggered: an answer consumes nothing, so one that is lost to a
 * cancellation is given again. Quiet: the same work is announced once, then only every `repeatAfterMs`.
 */
export class BuildEvent {
  readonly #clock: Clock;
  readonly #nextWork: () => Work | undefined;
  readonly #waiters = new Set<{ resolve: () => void; reject: (error: unknown) => void }>();
  #announced: { readonly name: string; readonly atMs: number } | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  /** `nextWork` says what a build would do now; undefined for nothing. */
  constructor(clock: Clock, nextWork: () => Work | undefined) {
    this.#clock = clock;
    this.#nextWork = nextWork;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Resolves when there is something to build. Rejects with the reason of `signal`, or with "shut down". */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new ChainError({ code: "shut down" }));
      if (signal.aborted) return reject(signal.reason);
      const leave = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", abort);
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const waiter = {
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error: unknown) => {
          leave();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", abort);
      this.check();
    });
  }

  /** To be called after everything that can change what a build would do. */
  check(): void {
    this.#cancelTimer?.();
    if (this.#waiters.size === 0) return;
    const work = this.#nextWork();
    if (work === undefined) return;
    const waitMs = Math.max(work.waitMs, this.#quietMs(work));
    if (waitMs > 0) {
      this.#cancelTimer = this.#clock.after(Math.ceil(waitMs), () => this.check());
      return;
    }
    this.#announced = { name: work.name, atMs: this.#clock.elapsedMs() };
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const waiter of [...this.#waiters]) waiter.reject(new ChainError({ code: "shut down" }));
  }

  /** How long the work must not be announced again. */
  #quietMs({ name }: Work): number {
    if (this.#announced?.name !== name) return 0;
    return this.#announced.atMs + repeatAfterMs - this.#clock.elapsedMs();
  }
}
