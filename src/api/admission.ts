import { defaultConfig } from "../core/config.ts";
import type { Log } from "../log.ts";
import { isFairShare, Loads } from "../vm/shares.ts";

/** How much of what clients send may be in this process at a time. */
export interface AdmissionLimits {
  /** Requests that are not answered yet, those that wait for a block among them. */
  readonly maxRequests: number;
  /** Bytes of the requests that are being read, or wait to be worked on. */
  readonly maxRequestBytes: number;
}

/** Bytes that large answers may have together until they are fetched. */
export const maxAnswerBytes = 32 * 1024 * 1024;
/** Bytes of an answer that count as none: a network takes them at once. */
export const smallAnswerBytes = 64 * 1024;
/** Milliseconds after which an answer is given up that nobody fetches. */
export const maxFetchMs = 30_000;
/** Seconds after which a client that was refused may try again. */
export const retryAfterSeconds = 1;
/** Milliseconds between two lines of the log about requests that were refused, at least. */
const logPauseMs = 10_000;

/** Why: too many, too large together, too many of its caller, or too much that is not fetched. */
export type RefusedFor = "requests" | "bytes" | "caller" | "answers";

/**
 * The door before every HTTP request: whether there is room for it is decided before it is read, by its size alone. A
 * refused client is asked to try again (HTTP 503 with Retry-After); what was taken is carried out.
 */
export class Admission {
  readonly #log: Log;
  #limits: AdmissionLimits = {
    maxRequests: defaultConfig.maxHttpRequests,
    maxRequestBytes: defaultConfig.maxHttpBytes,
  };
  #requests = 0;
  #requestBytes = 0;
  #answerBytes = 0;
  readonly #loadByCaller = new Loads<string>();
  readonly #refused: Record<RefusedFor, number> = { requests: 0, bytes: 0, caller: 0, answers: 0 };
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  setLimits(limits: AdmissionLimits): void {
    this.#limits = limits;
  }

  /** Requests that are in work, or wait. */
  get requests(): number {
    return this.#requests;
  }

  /** How many were refused since the start, by the reason. */
  get refused(): Readonly<Record<RefusedFor, number>> {
    return this.#refused;
  }

  /** Room for a request of so many bytes; undefined when there is none now. */
  admit(bytes: number): Room | undefined {
    if (this.#requests >= this.#limits.maxRequests) {
      this.#refuse("requests");
      return undefined;
    }
    if (!this.holdRequest(bytes)) return undefined;
    this.#requests++;
    return new Room(this, bytes);
  }

  // For `Room` alone.

  /** No caller may hold more than what is left: whoever comes next finds room, however many there are. */
  takeFor(caller: string): boolean {
    const others = this.#requests - 1; // without the one that is asked for
    const isFair = isFairShare(this.#loadByCaller.of(caller).items, 1, this.#limits.maxRequests - others);
    if (isFair) this.#loadByCaller.add(caller, 1, 0);
    else this.#refuse("caller");
    return isFair;
  }

  holdRequest(bytes: number): boolean {
    const isRoom = this.#requestBytes + bytes <= this.#limits.maxRequestBytes;
    if (isRoom) this.#requestBytes += bytes;
    else this.#refuse("bytes");
    return isRoom;
  }

  holdAnswer(bytes: number): boolean {
    const isRoom = this.#answerBytes + bytes <= maxAnswerBytes;
    if (isRoom) this.#answerBytes += bytes;
    else this.#refuse("answers");
    return isRoom;
  }

  releaseRequest(bytes: number): void {
    this.#requestBytes -= bytes;
  }

  free(caller: string | undefined, answerBytes: number): void {
    this.#requests--;
    this.#answerBytes -= answerBytes;
    if (caller !== undefined) this.#loadByCaller.add(caller, -1, 0);
  }

  #refuse(reason: RefusedFor): void {
    this.#refused[reason]++;
    const nowMs = performance.now();
    if (nowMs < this.#loggedAtMs + logPauseMs) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn("requests refused", { reason, ...this.#refused });
  }
}

/** What a request holds until it is answered and the answer is fetched. */
export class Room {
  readonly #admission: Admission;
  #requestBytes: number;
  #answerBytes = 0;
  #caller: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Made by `Admission` alone. */
  constructor(admission: Admission, requestBytes: number) {
    this.#admission = admission;
    this.#requestBytes = requestBytes;
  }

  /** To be called once when it is known who asks. False when this caller holds more than is left for others: refuse it. */
  takeFor(caller: string): boolean {
    const isTaken = this.#admission.takeFor(caller);
    if (isTaken) this.#caller = caller;
    return isTaken;
  }

  /** To be called before so many more bytes are kept that belong to the request. False when there is no room for them. */
  holdRequest(bytes: number): boolean {
    const isRoom = this.#admission.holdRequest(bytes);
    if (isRoom) this.#requestBytes += bytes;
    return isRoom;
  }

  /** To be called when the request's bytes are of no more use. */
  releaseRequest(): void {
    this.#admission.releaseRequest(this.#requestBytes);
    this.#requestBytes = 0;
  }

  /**
   * To be called once with the bytes of the answer. False when too much waits to be fetched: answer that there is no room.
   * `giveUp` is called when nobody fetches it.
   */
  holdAnswer(bytes: number, giveUp: () => void): boolean {
    if (bytes <= smallAnswerBytes) return true;
    const isRoom = this.#admission.holdAnswer(bytes);
    if (isRoom) {
      this.#answerBytes = bytes;
      this.#timer = setTimeout(giveUp, maxFetchMs);
    }
    return isRoom;
  }

  /** To be called once when the answer is fetched, or the caller is gone. */
  free(): void {
    clearTimeout(this.#timer);
    this.releaseRequest();
    this.#admission.free(this.#caller, this.#answerBytes);
  }
}
