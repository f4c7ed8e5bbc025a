import type { AdmissionCounts, RefusedFor } from "../api/admission.ts";
import type { ConfirmedHead } from "../vm/confirmed-chain.ts";

/** Milliseconds between two beats of the clients' thread. */
export const beatMs = 250;

/**
 * The figures that both threads have before them, so that neither has to ask, nor to wait while the other is stuck. The
 * thread of consensus sets the height; that of the clients all others.
 */
export class SharedFigures implements ConfirmedHead, AdmissionCounts {
  readonly memory: SharedArrayBuffer;
  readonly #height: BigInt64Array;
  readonly #counts: Uint32Array;
  /**
   * Called when the height was set, and somebody waits for a block. No wake-up is missed: who waits is counted before
   * he looks at the height for the last time, and here the height is set before the count is looked at.
   */
  onAwaitedHeight: () => void = () => {};

  /** Takes what another thread made, or makes it. */
  constructor(memory = new SharedArrayBuffer(memoryBytes)) {
    this.memory = memory;
    this.#height = new BigInt64Array(memory, 0, 1);
    this.#counts = new Uint32Array(memory, BigInt64Array.BYTES_PER_ELEMENT, slots);
  }

  /** SQLite keeps heights as signed numbers of 64 bits as well. */
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

  /** Since the start of the process, as other counters. */
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

  /** Changes as long as the event loop of the clients' thread goes round. */
  get beats(): number {
    return this.#get(slot.beats);
  }

  beat(): void {
    Atomics.add(this.#counts, slot.beats, 1);
  }

  /** To be called when the clients' thread has ended: nobody waits any more. */
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
