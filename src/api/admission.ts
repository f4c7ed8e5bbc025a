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

/** What a request holds until it is answered and the answer is fetched. */
export interface Room {
  /** To be called when it is known who asks. False when this caller holds more than is left for others: refuse it. */
  readonly takeFor: (caller: string) => boolean;
  /** To be called before so many more bytes are kept that belong to the request. False when there is no room for them. */
  readonly holdRequest: (bytes: number) => boolean;
  /** To be called when the request's bytes are of no more use. */
  readonly releaseRequest: () => void;
  /**
   * To be called with the bytes of the answer. False when too much waits to be fetched: answer that there is no room.
   * `giveUp` is called when nobody fetches it.
   */
  readonly holdAnswer: (bytes: number, giveUp: () => void) => boolean;
  /** To be called once when the answer is fetched, or the caller is gone. */
  readonly free: () => void;
}

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
    if (this.#requests >= this.#limits.maxRequests) return this.#refuse("requests");
    if (!this.#hasRoomFor(bytes)) return this.#refuse("bytes");
    return this.#open(bytes);
  }

  #open(bytes: number): Room {
    let held = 0;
    let answerBytes = 0;
    let name: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hold = (bytes: number) => {
      held += bytes;
      this.#requestBytes += bytes;
    };
    const releaseRequest = () => {
      this.#requestBytes -= held;
      held = 0;
    };
    this.#requests++;
    hold(bytes);
    return {
      holdRequest: (more) => {
        const isRoom = this.#hasRoomFor(more);
        if (isRoom) hold(more);
        else this.#refuse("bytes");
        return isRoom;
      },
      releaseRequest,
      takeFor: (caller) => {
        const others = this.#requests - 1; // without this one
        const isFair = isFairShare(this.#loadByCaller.of(caller).items, 1, this.#limits.maxRequests - others);
        if (isFair) {
          this.#loadByCaller.add(caller, 1, 0);
          name = caller;
        } else this.#refuse("caller");
        return isFair;
      },
      holdAnswer: (bytes, giveUp) => {
        if (bytes <= smallAnswerBytes) return true;
        const isRoom = this.#answerBytes + bytes <= maxAnswerBytes;
        if (isRoom) {
          answerBytes = bytes;
          this.#answerBytes += bytes;
          timer = setTimeout(giveUp, maxFetchMs);
        } else this.#refuse("answers");
        return isRoom;
      },
      free: () => {
        clearTimeout(timer);
        releaseRequest();
        this.#requests--;
        this.#answerBytes -= answerBytes;
        if (name !== undefined) this.#loadByCaller.add(name, -1, 0);
      },
    };
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#requestBytes + bytes <= this.#limits.maxRequestBytes;
  }

  #refuse(reason: RefusedFor): undefined {
    this.#refused[reason]++;
    const nowMs = performance.now();
    if (nowMs < this.#loggedAtMs + logPauseMs) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn("requests refused", { reason, ...this.#refused });
  }
}
