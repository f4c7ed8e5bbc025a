import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";
import { LimitError } from "./limit-error.ts";
import { isFairShare, Loads } from "./shares.ts";

/** Waiting calls at most: each holds a connection of a client, and some memory. One caller alone gets half of them. */
export const maxWaiting = 2_000;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: ChainError) => void;
}

/** Calls that wait for something with a key. Waking costs what it costs those who wait for that key. */
export class WaitingCalls<Key> {
  readonly #clock: Clock;
  readonly #waitersByKey = new Map<Key, Set<Waiter>>();
  readonly #loadByCaller = new Loads<string>();
  #count = 0;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Resolves when the key is woken, when `ms` have passed or when `signal` aborts; at once when `isThere()`. Rejects with
   * "shut down", "too many waiting" or what `isThere` throws. The places are shared by callers.
   */
  wait(key: Key, isThere: () => boolean, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ChainError({ code: "shut down" }));
      if (signal.aborted || isThere()) return resolve();
      if (!isFairShare(this.#loadByCaller.of(caller).items, 1, maxWaiting - this.#count)) {
        return reject(new LimitError({ code: "too many waiting", waiting: this.#count }));
      }
      const leave = () => {
        this.#remove(key, waiter);
        this.#loadByCaller.add(caller, -1, 0);
        cancelTimer();
        signal.removeEventListener("abort", waiter.resolve);
      };
      const waiter = {
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error: ChainError) => {
          leave();
          reject(error);
        },
      };
      this.#add(key, waiter);
      this.#loadByCaller.add(caller, 1, 0);
      const cancelTimer = this.#clock.after(ms, waiter.resolve);
      signal.addEventListener("abort", waiter.resolve);
    });
  }

  /** Resolves for all who wait for the key. */
  wake(key: Key): void {
    for (const waiter of this.#waitersByKey.get(key) ?? []) waiter.resolve();
  }

  close(): void {
    this.#isClosed = true;
    for (const waiters of this.#waitersByKey.values()) {
      for (const waiter of waiters) waiter.reject(new ChainError({ code: "shut down" }));
    }
  }

  #add(key: Key, waiter: Waiter): void {
    const waiters = this.#waitersByKey.get(key);
    if (waiters === undefined) this.#waitersByKey.set(key, new Set([waiter]));
    else waiters.add(waiter);
    this.#count++;
  }

  #remove(key: Key, waiter: Waiter): void {
    const waiters = this.#waitersByKey.get(key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waitersByKey.delete(key);
    this.#count--;
  }
}
