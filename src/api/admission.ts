import { defaultConfig } from "../core/config.ts";
import type { Log } from "../log.ts";
import { Supply } from "./supply.ts";

/** How much of clients' requests and answers this process may hold at a time. */
export interface AdmissionLimits {
  /** Requests that are not answered yet, including those that wait for a block. */
  readonly maxRequests: number;
  /** Bytes of requests that are being read, or wait for their turn. */
  readonly maxRequestBytes: number;
}

/** For `/static`, which is served without a chain, on the thread of consensus: few and small calls. */
export const staticLimits: AdmissionLimits = { maxRequests: 64, maxRequestBytes: 256 * 1024 };
/** Bytes of a `/static` request, with its headers. */
export const maxStaticRequestBytes = 16 * 1024;
/** Smaller requests count as 0 bytes, since the number of requests is limited too. */
export const smallRequestBytes = 4 * 1024;
/** Bytes of all large answers together that are made and not yet read by their clients. */
export const maxAnswerBytes = 32 * 1024 * 1024;
/** Smaller answers count as 0 bytes: all of them together are no more than the requests may be. */
export const smallAnswerBytes = 64 * 1024;
/** Milliseconds after which an answer is given up that its client does not read. */
export const maxFetchMs = 30_000;
/** Seconds after which a refused client may try again. */
export const retryAfterSeconds = 1;
/** At least so many milliseconds are between two log lines about refused requests. */
const logPauseMs = 10_000;

/** Why a request is refused: too many, too large together, more than its caller's share, or too many unread answers. */
export type RefusedFor = "requests" | "bytes" | "caller" | "answers";

/** What an admission counts. Another thread may read it too. */
export interface AdmissionCounts {
  /** Requests that are in work or wait. */
  requests: number;
  /** How many were refused since the start, for each reason. */
  readonly refused: Readonly<Record<RefusedFor, number>>;
  countRefused(reason: RefusedFor): void;
}

/**
 * Decides for every HTTP request whether there is room for it: before it is read, by its size alone. A refused client
 * is asked to try again (HTTP 503 with Retry-After). An admitted request is carried out.
 */
export class Admission {
  readonly #log: Log;
  readonly #supplies: Supplies;
  readonly #counts: AdmissionCounts;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log, limits: AdmissionLimits = defaultLimits, counts: AdmissionCounts = new OwnCounts()) {
    this.#log = log;
    this.#counts = counts;
    this.#supplies = {
      requests: new Supply(limits.maxRequests, (held) => {
        counts.requests = held;
      }),
      requestBytes: new Supply(limits.maxRequestBytes),
      answerBytes: new Supply(maxAnswerBytes),
    };
  }

  /** Requests that are in work or wait. */
  get requests(): number {
    return this.#counts.requests;
  }

  /** How many were refused since the start, for each reason. */
  get refused(): Readonly<Record<RefusedFor, number>> {
    return this.#counts.refused;
  }

  /** Gives room for a request of `bytes`; undefined when there is none now. */
  admit(size: number): Room | undefined {
    const { requests, requestBytes } = this.#supplies;
    const bytes = size > smallRequestBytes ? size : 0;
    if (!requests.take(1)) {
      this.#refuse("requests");
      return undefined;
    }
    if (requestBytes.take(bytes)) return new Room(this.#supplies, bytes, (reason) => this.#refuse(reason));
    requests.putBack(1, undefined);
    this.#refuse("bytes");
    return undefined;
  }

  #refuse(reason: RefusedFor): void {
    this.#counts.countRefused(reason);
    const nowMs = performance.now();
    if (nowMs < this.#loggedAtMs + logPauseMs) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn("requests refused", { reason, ...this.refused });
  }
}

const defaultLimits: AdmissionLimits = {
  maxRequests: defaultConfig.maxHttpRequests,
  maxRequestBytes: defaultConfig.maxHttpBytes,
};

/** Figures in the memory of one thread. */
class OwnCounts implements AdmissionCounts {
  requests = 0;
  readonly refused: Record<RefusedFor, number> = { requests: 0, bytes: 0, caller: 0, answers: 0 };

  countRefused(reason: RefusedFor): void {
    this.refused[reason]++;
  }
}

interface Supplies {
  readonly requests: Supply;
  readonly requestBytes: Supply;
  readonly answerBytes: Supply;
}

/** What a request holds until its client has read the answer. */
export class Room {
  readonly #supplies: Supplies;
  readonly #onRefused: (reason: RefusedFor) => void;
  #requestBytes: number;
  #answerBytes = 0;
  #caller: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Made by `Admission`, which has taken one request of `bytes` from the supplies. */
  constructor(supplies: Supplies, requestBytes: number, onRefused: (reason: RefusedFor) => void) {
    this.#supplies = supplies;
    this.#requestBytes = requestBytes;
    this.#onRefused = onRefused;
  }

  /** To be called once when the caller is known. False when it has more than its share: refuse the request. */
  takeFor(caller: string): boolean {
    const { requests, requestBytes } = this.#supplies;
    if (!requests.giveTo(caller, 1)) return this.#refuse("caller");
    if (this.#requestBytes === 0 || requestBytes.giveTo(caller, this.#requestBytes)) {
      this.#caller = caller;
      return true;
    }
    requests.putBack(1, caller);
    requests.take(1);
    return this.#refuse("caller");
  }

  /** To be called before `bytes` more of the request are kept. False when there is no room for them. */
  holdRequest(bytes: number): boolean {
    if (!this.#take(this.#supplies.requestBytes, bytes)) return this.#refuse("bytes");
    this.#requestBytes += bytes;
    return true;
  }

  /** To be called when the request's bytes are not needed any more. */
  releaseRequest(): void {
    if (this.#requestBytes === 0) return;
    this.#supplies.requestBytes.putBack(this.#requestBytes, this.#caller);
    this.#requestBytes = 0;
  }

  /** To be called before `bytes` more of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean {
    if (!this.#take(this.#supplies.answerBytes, bytes)) return this.#refuse("answers");
    this.#answerBytes += bytes;
    return true;
  }

  /**
   * To be called once with the size of the whole answer, before it is sent. False when too many answers are unread:
   * then answer that there is no room. `giveUp` is called when nobody reads this one.
   */
  holdWhole(bytes: number, giveUp: () => void): boolean {
    if (bytes <= smallAnswerBytes) return true;
    const more = bytes - this.#answerBytes;
    if (more > smallAnswerBytes && !this.holdAnswer(more)) return false;
    this.#timer = setTimeout(giveUp, maxFetchMs);
    return true;
  }

  /** To be called once when the answer was read, or the caller is gone. */
  free(): void {
    clearTimeout(this.#timer);
    this.releaseRequest();
    if (this.#answerBytes > 0) this.#supplies.answerBytes.putBack(this.#answerBytes, this.#caller);
    this.#supplies.requests.putBack(1, this.#caller);
  }

  #take(supply: Supply, amount: number): boolean {
    if (!supply.take(amount)) return false;
    if (this.#caller === undefined || supply.giveTo(this.#caller, amount)) return true;
    supply.putBack(amount, undefined);
    return false;
  }

  #refuse(reason: RefusedFor): false {
    this.#onRefused(reason);
    return false;
  }
}
