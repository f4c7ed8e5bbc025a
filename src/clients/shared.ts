import type { AdmissionCounts, RefusedFor } from "../api/admission.ts";
import type { ConfirmedHead } from "../vm/confirmed-chain.ts";

/** Milliseconds between two beats of the clients' thread. */
export const beatMs = 250;

/**
 * Figures in memory that both threads share, so that neither has to ask, or to wait while the other is stuck. The
 * thread of consensus sets the height, the clients' thread all others.
 */
export class SharedFigures implements ConfirmedHead, AdmissionCounts {
  readonly memory: SharedArrayBuffer;
  readonly #height: BigInt64Array;
  readonly #counts: Uint32Array;
  /**
   * Called when the height was set and somebody waits for a block. No wake-up is missed: a waiting call is counted
   * before it looks at the height for the last time, and the height is set here before the count is read.
   */
  onAwaitedHeight: () => void = () => {};

  /** Takes the memory that another thread made, or makes it. */
  constructor(memory = new SharedArrayBuffer(memoryBytes)) {
    this.memory = memory;
    this.#height = new BigInt64Array(memory, 0, 1);
    this.#counts = new Uint32Array(memory, BigInt64Array.BYTES_PER_ELEMENT, slots);
  }

  /** A signed 64-bit number, as in SQLite. */
  get height(): bigint {
    return Atomics.load(this.#height, 0);
  }

  set height(height: bigint) {
    Atomics.store(this.#height, 0, height);
    if (this.waiting > 0) this.onAwaitedHeight();
  }

  get waiting(): number {
    return this.#get(slot.waiting);
  }

  set waiting(count: number) {
    this.#set(slot.waiting, count);
  }

  get requests(): number {
    return this.#get(slot.requests);
  }

  set requests(count: number) {
    this.#set(slot.requests, count);
  }

  /** Since the start of the process, like other counters. */
  get refused(): Readonly<Record<RefusedFor, number>> {
    return {
      requests: this.#get(slot.refused.requests),
      bytes: this.#get(slot.refused.bytes),
      caller: this.#get(slot.refused.caller),
      answers: this.#get(slot.refused.answers),
    };
  }

  countRefused(reason: RefusedFor): void {
    Atomics.add(this.#counts, slot.refused[reason], 1);
  }

  /** Changes as long as the event loop of the clients' thread runs. */
  get beats(): number {
    return this.#get(slot.beats);
  }

  beat(): void {
    Atomics.add(this.#counts, slot.beats, 1);
  }

  /** Call it when the clients' thread has ended, since nobody waits any more. */
  forgetClients(): void {
    this.waiting = 0;
    this.requests = 0;
  }

  #get(index: number): number {
    return Atomics.load(this.#counts, index);
  }

  #set(index: number, value: number): void {
    Atomics.store(this.#counts, index, value);
  }
}

const slot = { waiting: 0, beats: 1, requests: 2, refused: { requests: 3, bytes: 4, caller: 5, answers: 6 } } as const;
const slots = 7;
const memoryBytes = BigInt64Array.BYTES_PER_ELEMENT + slots * Uint32Array.BYTES_PER_ELEMENT;
