import { ChainError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";
import { LimitError } from "./limit-error.ts";
import { isFairShare, Loads } from "./shares.ts";
import { createWaiter, type Waiter } from "./waiter.ts";

/** The most calls that may wait. Each holds a client's connection and some memory. One caller alone gets half. */
export const maxWaiting = 2_000;

/** Calls that wait for a key. Waking a key takes no time for calls that wait for other keys. */
export class WaitingCalls<Key> {
  readonly #clock: Clock;
  readonly #onCount: (count: number) => void;
  readonly #waitersByKey = new Map<Key, Set<Waiter>>();
  readonly #loadByCaller = new Loads<string>();
  #count = 0;
  #isClosed = false;

  /** `onCount` gets the number of waiting calls each time it changes, before `isThere` is called again. */
  constructor(clock: Clock, onCount: (count: number) => void = () => {}) {
    this.#clock = clock;
    this.#onCount = onCount;
  }

  /** How many calls wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Resolves when the key is woken, when `ms` have passed or when `signal` aborts; at once if `isThere()`. Rejects with
   * "shut down", with what `isThere` throws, or with "too many waiting" if the caller has its share of the places.
   * `isThere` is called again after the call is counted: another thread wakes only if it sees the count, and may have
   * seen the old one.
   */
  wait(key: Key, isThere: () => boolean, ms: number, signal: AbortSignal, caller: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ChainError({ code: "shut down" }));
      if (signal.aborted || isThere()) return resolve();
      if (!isFairShare(this.#loadByCaller.of(caller).items, 1, maxWaiting - this.#count)) {
        return reject(new LimitError({ code: "too many waiting", waiting: this.#count }));
      }
      const waiter = createWaiter(resolve, reject, () => {
        this.#remove(key, waiter);
        this.#loadByCaller.add(caller, -1, 0);
        cancelTimer();
        signal.removeEventListener("abort", waiter.resolve);
      });
      this.#add(key, waiter);
      this.#loadByCaller.add(caller, 1, 0);
      const cancelTimer = this.#clock.after(ms, waiter.resolve);
      signal.addEventListener("abort", waiter.resolve);
      try {
        if (isThere()) waiter.resolve();
      } catch (error) {
        waiter.reject(error);
      }
    });
  }

  /** Resolves all calls that wait for the key. */
  wake(key: Key): void {
    for (const waiter of this.#waitersByKey.get(key) ?? []) waiter.resolve();
  }

  /** Rejects all waiting and later calls with "shut down". */
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
    this.#onCount(++this.#count);
  }

  #remove(key: Key, waiter: Waiter): void {
    const waiters = this.#waitersByKey.get(key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waitersByKey.delete(key);
    this.#onCount(--this.#count);
  }
}
