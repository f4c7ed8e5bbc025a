/** A request and its sender. */
export interface Asker {
  /** Requests with the same name share one place in the round, and one share of each limit. */
  readonly name: string;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** Call it when the request's body is not needed any more. */
  releaseRequest(): void;
  /** Call it before keeping this many more bytes of the answer. Gives false if there is no room for them. */
  holdAnswer(bytes: number): boolean;
}

/** A request for those who work on it. All promises reject with the signal's reason when it aborts. */
export interface Caller extends Asker {
  /**
   * Call it between pieces of work, each of some milliseconds at most. Undefined means: go on. A promise resolves when
   * the other callers have had their turns.
   */
  pause(): Promise<void> | undefined;
  /** Does work of many pieces that holds memory. One such work runs at a time; the others wait. */
  doLong<T>(work: () => Promise<T>): Promise<T>;
  /** The same caller, for whom `signal` too aborts the request. */
  until(signal: AbortSignal): Caller;
}
