import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";
import { createWaiter, type Waiter } from "./waiter.ts";

/**
 * Milliseconds between two announcements of the same work. After a failed build the node asks again at once, without a
 * pause (avalanchego v1.14.2, snow/engine/snowman/block/notifier.go:88-107).
 */
export const repeatAfterMs = 250;

/** What a build would do. */
export interface Work {
  /** Equal exactly when the build would make the same block. */
  readonly name: string;
  /** Milliseconds until it may be built. */
  readonly waitMs: number;
}

/**
 * Announces to the node that there is something to build. Level-triggered: work stays announced until it is gone, so an
 * announcement that is lost to a cancellation is repeated. The same work is announced at most every `repeatAfterMs`.
 */
export class BuildEvent {
  readonly #clock: Clock;
  readonly #nextWork: () => Work | undefined;
  readonly #waiters = new Set<Waiter>();
  #announced: { readonly name: string; readonly atMs: number } | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  /** `nextWork` gives what a build would do now; undefined if there is nothing to build. */
  constructor(clock: Clock, nextWork: () => Work | undefined) {
    this.#clock = clock;
    this.#nextWork = nextWork;
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Resolves when there is something to build. Rejects with the reason of `signal`, or with "shut down". */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ChainError({ code: "shut down" }));
      if (signal.aborted) return reject(signal.reason);
      const abort = () => waiter.reject(signal.reason);
      const waiter = createWaiter(resolve, reject, () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", abort);
      });
      this.#waiters.add(waiter);
      signal.addEventListener("abort", abort);
      this.check();
    });
  }

  /** Call it after everything that can change what a build would do. */
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

  /** Rejects all waiting and later calls with "shut down". */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const waiter of [...this.#waiters]) waiter.reject(new ChainError({ code: "shut down" }));
  }

  /** Milliseconds until this work may be announced again. */
  #quietMs({ name }: Work): number {
    if (this.#announced?.name !== name) return 0;
    return this.#announced.atMs + repeatAfterMs - this.#clock.elapsedMs();
  }
}
