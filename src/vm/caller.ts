/** A request, and who has sent it. */
export interface Asker {
  /** Those with the same name share one place in the round, and one share of what is limited. */
  readonly name: string;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** To be called when the request's body is of no more use. */
  releaseRequest(): void;
  /** To be called before so many more bytes of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean;
}

/** The same to those who work on it. All promises reject with the signal's reason when nobody wants the answer. */
export interface Caller extends Asker {
  /**
   * To be called between the pieces of work, each of some milliseconds at most. Undefined: go on. Else it is the turn
   * of others, and the promise resolves when it is his again.
   */
  pause(): Promise<void> | undefined;
  /** Does work of many pieces, which holds memory meanwhile, when no other such work is under way. */
  doLong<T>(work: () => Promise<T>): Promise<T>;
  /** The same caller, who may want no answer earlier. */
  until(signal: AbortSignal): Caller;
}
