import { collectIfGrown } from "./memory.ts";
import { Round } from "./round.ts";

/**
 * Milliseconds after which clients are let in by a new turn of the event loop only: whatever else there is to do has its
 * own before.
 */
export const maxTurnMs = 2;

/** Who asks. */
export interface Asker {
  /** Those with the same name share one place in the round, and one share of what is limited. */
  readonly name: string;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** Who asks, to those who work for him. All promises reject with the signal's reason when nobody wants the answer. */
export interface Caller extends Asker {
  /**
   * To be called between the pieces of work, each of some milliseconds at most. Undefined: go on. Else it is the turn of
   * others, and the promise resolves when it is his again.
   */
  pause(): Promise<void> | undefined;
  /** Does work of many pieces, which holds memory meanwhile, when no other such work is under way. */
  doLong<T>(work: () => Promise<T>): Promise<T>;
  /** The same caller, who may want no answer earlier. */
  until(signal: AbortSignal): Caller;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly begin: () => void;
  readonly drop: (reason: unknown) => void;
  /** Whether its work comes behind `begin`, as that of a promise does: then the turn ends with it. */
  readonly isResumed: boolean;
}

/**
 * Lets clients work one after the other, in turns of the event loop that are so short that the node's calls, which come
 * between them, do not wait. Callers go round: whoever has much to ask waits for himself. What nobody wants any more when
 * its turn comes is not begun.
 */
export class Turns {
  readonly #waiting = new Round<Waiting>();
  readonly #waitingLong = new Round<() => void>();
  readonly #nowMs: () => number;
  /** When clients were let in last: since then, other work may have had turns or not. */
  #startMs: number;
  #isTurnToCome = false;
  #isLongUnderWay = false;

  /** `nowMs` gives the milliseconds of one steady clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Does `work` at once, or when it is the asker's turn. Rejects with the signal's reason if it has aborted by then. */
  run<T>(asker: Asker, work: (caller: Caller) => T | Promise<T>): T | Promise<T> {
    const caller = new TurnTaker(asker, this);
    if (this.#waiting.isEmpty && this.#hasTime()) return work(caller);
    return new Promise<T>((resolve, reject) => {
      const begin = () => {
        try {
          resolve(work(caller));
        } catch (error) {
          reject(error);
        }
      };
      this.#wait(asker.name, { signal: asker.signal, begin, drop: reject, isResumed: false });
    });
  }

  /** See `Caller`. */
  pause({ name, signal }: Asker): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#hasTime()) return undefined;
    return new Promise((resolve, reject) => {
      this.#wait(name, { signal, begin: resolve, drop: reject, isResumed: true });
    });
  }

  /** See `Caller`. */
  async doLong<T>({ name, signal }: Asker, work: () => Promise<T>): Promise<T> {
    if (this.#isLongUnderWay) await new Promise<void>((resolve) => this.#waitingLong.add(name, resolve));
    else this.#isLongUnderWay = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      setImmediate(() => this.#nextLong()); // what comes of this one is seen to first
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

  #wait(name: string, waiting: Waiting): void {
    this.#waiting.add(name, waiting);
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

/** Asks for the signal only when it is needed: it is made then. */
class TurnTaker implements Caller {
  readonly #asker: Asker;
  readonly #turns: Turns;

  constructor(asker: Asker, turns: Turns) {
    this.#asker = asker;
    this.#turns = turns;
  }

  get name(): string {
    return this.#asker.name;
  }

  get signal(): AbortSignal {
    return this.#asker.signal;
  }

  pause(): Promise<void> | undefined {
    return this.#turns.pause(this.#asker);
  }

  doLong<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.doLong(this.#asker, work);
  }

  until(signal: AbortSignal): Caller {
    return new TurnTaker({ name: this.name, signal }, this.#turns);
  }
}
