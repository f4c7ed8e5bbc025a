import type { Asker, Caller } from "../vm/caller.ts";
import { collectIfGrown } from "./memory.ts";
import { Round } from "./round.ts";

/** Milliseconds of clients' work in one turn of the event loop. After them, all other work has its turn first. */
export const maxTurnMs = 2;

interface Waiting {
  readonly signal: AbortSignal;
  readonly begin: () => void;
  readonly drop: (reason: unknown) => void;
  /** Whether its work comes after `begin`, like that of a promise: then the turn ends with it. */
  readonly isResumed: boolean;
}

/**
 * Does the work of clients piece by piece, in turns of the event loop so short that nobody waits long. Callers take
 * turns, and so do the requests of each: a caller with many requests delays only itself. Work that nobody wants any
 * more when its turn comes is not begun.
 */
export class Turns {
  readonly #waiting = new Round<Waiting>();
  readonly #waitingLong = new Round<() => void>();
  readonly #nowMs: () => number;
  /** When clients had their last turn. */
  #startMs: number;
  #isTurnToCome = false;
  #isLongUnderWay = false;

  /** `nowMs` gives milliseconds of a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Does `work` at once, or in the caller's turn. Rejects with the signal's reason if that has aborted by then. */
  run<T>(asker: Asker, work: (caller: Caller) => T | Promise<T>): T | Promise<T> {
    const caller = new TurnTaker(this, asker);
    if (this.#waiting.isEmpty && this.#hasTime()) return work(caller);
    return new Promise<T>((resolve, reject) => {
      const begin = () => {
        try {
          resolve(work(caller));
        } catch (error) {
          reject(error);
        }
      };
      this.#wait(asker, { signal: asker.signal, begin, drop: reject, isResumed: false });
    });
  }

  /** See `Caller`. */
  pause(asker: Asker, signal: AbortSignal): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#hasTime()) return undefined;
    return new Promise((resolve, reject) => {
      this.#wait(asker, { signal, begin: resolve, drop: reject, isResumed: true });
    });
  }

  /** See `Caller`. */
  async doLong<T>(asker: Asker, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#isLongUnderWay) {
      await new Promise<void>((resolve) => this.#waitingLong.add([asker.name, asker], resolve));
    } else this.#isLongUnderWay = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      setImmediate(() => this.#nextLong()); // what follows from this one comes first
    }
  }

  #nextLong(): void {
    collectIfGrown();
    const next = this.#waitingLong.take();
    this.#isLongUnderWay = next !== undefined;
    next?.();
  }

  #hasTime(): boolean {
    return this.#nowMs() - this.#startMs < maxTurnMs;
  }

  #wait(asker: Asker, waiting: Waiting): void {
    this.#waiting.add([asker.name, asker], waiting);
    this.#askForTurn();
  }

  #askForTurn(): void {
    if (this.#isTurnToCome) return;
    this.#isTurnToCome = true;
    setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#isTurnToCome = false;
    this.#startMs = this.#nowMs();
    do {
      const next = this.#waiting.take();
      if (next === undefined) return;
      if (next.signal.aborted) next.drop(next.signal.reason);
      else {
        next.begin();
        if (next.isResumed) break;
      }
    } while (this.#hasTime());
    if (!this.#waiting.isEmpty) this.#askForTurn();
  }
}

/** Reads the signal only when it is needed, since reading it makes it. */
class TurnTaker implements Caller {
  readonly #turns: Turns;
  readonly #asker: Asker;
  readonly #earlier: AbortSignal | undefined;

  constructor(turns: Turns, asker: Asker, earlier?: AbortSignal) {
    this.#turns = turns;
    this.#asker = asker;
    this.#earlier = earlier;
  }

  get name(): string {
    return this.#asker.name;
  }

  get signal(): AbortSignal {
    return this.#earlier ?? this.#asker.signal;
  }

  releaseRequest(): void {
    this.#asker.releaseRequest();
  }

  holdAnswer(bytes: number): boolean {
    return this.#asker.holdAnswer(bytes);
  }

  pause(): Promise<void> | undefined {
    return this.#turns.pause(this.#asker, this.signal);
  }

  doLong<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.doLong(this.#asker, this.signal, work);
  }

  until(signal: AbortSignal): Caller {
    return new TurnTaker(this.#turns, this.#asker, signal);
  }
}
