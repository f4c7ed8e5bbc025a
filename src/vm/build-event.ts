import { VmError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";

/**
 * How long the same work is not announced again. The node asks again at once when a build failed
 * (avalanchego v1.14.2, snow/engine/snowman/block/notifier.go:88-107), without any pause of its own.
 */
export const repeatAfterMs = 250;

/**
 * Tells the node when there is something to build. Level-triggered: an answer consumes nothing, so one that is lost to a
 * cancellation is given again. Quiet: the same work is announced once, then only every `repeatAfterMs`.
 */
export class BuildEvent {
  readonly #clock: Clock;
  readonly #nextWork: () => string | undefined;
  readonly #waiters = new Set<{ resolve: () => void; reject: (error: unknown) => void }>();
  #announced: { readonly work: string; readonly atMs: number } | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  /** `nextWork` names what a build would do now: the same name exactly for the same block to come. */
  constructor(clock: Clock, nextWork: () => string | undefined) {
    this.#clock = clock;
    this.#nextWork = nextWork;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Resolves when there is something to build. Rejects with the reason of `signal`, or with "shut down". */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new VmError({ code: "shut down" }));
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
    if (this.#waiters.size === 0) return;
    const work = this.#nextWork();
    if (work === undefined) return;
    const atMs = this.#clock.elapsedMs();
    if (this.#announced?.work === work) {
      const quietMs = this.#announced.atMs + repeatAfterMs - atMs;
      if (quietMs > 0) return this.#checkAfter(quietMs);
    }
    this.#announced = { work, atMs };
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const waiter of [...this.#waiters]) waiter.reject(new VmError({ code: "shut down" }));
  }

  #checkAfter(ms: number): void {
    if (this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#clock.after(Math.ceil(ms), () => {
      this.#cancelTimer = undefined;
      this.check();
    });
  }
}
