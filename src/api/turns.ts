import { collectIfGrown } from "./memory.ts";
import { Round } from "./round.ts";

/** Milliseconds of work for clients after which whatever else there is to do has its turn. */
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
  /** When the turn that goes on began; undefined between two. */
  #startMs: number | undefined;
  #isLongUnderWay = false;

  /** `nowMs` gives the milliseconds of one steady clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
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
      this.#waiting.add(asker.name, { signal: asker.signal, begin, drop: reject, isResumed: false });
    });
  }

  /** See `Caller`. */
  pause({ name, signal }: Asker): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#hasTime()) return undefined;
    return new Promise((resolve, reject) => {
      this.#waiting.add(name, { signal, begin: resolve, drop: reject, isResumed: true });
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

  /** Whether there is time left in this turn; begins one where there is none. */
  #hasTime(): boolean {
    if (this.#startMs !== undefined) return this.#nowMs() - this.#startMs < maxTurnMs;
    this.#begin();
    return true;
  }

  #begin(): void {
    this.#startMs = this.#nowMs();
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#startMs = undefined;
    if (this.#waiting.isEmpty) return;
    this.#begin();
    do {
      const next = this.#waiting.take();
      if (next === undefined) return;
      if (next.signal.aborted) next.drop(next.signal.reason);
      else {
        next.begin();
        if (next.isResumed) return;
      }
    } while (this.#hasTime());
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
