import { constants, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeFrame, joinChunks, type Pieces, prefixBytes } from "./frame.ts";

/** What a method may know of its call. */
export interface Call {
  /** Aborts when the caller cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
  /** The same object for all calls on one connection. */
  readonly connection: object;
  /** The room that it holds; undefined where there is no limit. */
  readonly room: Room | undefined;
}

/** A call's share of limited room, from its length prefix until its stream is closed, after the answer is sent. */
export interface Room {
  /** To be called once when the caller is known. False when this caller holds too much already. */
  takeFor(caller: string): boolean;
  /** To be called before `bytes` more of the request are kept. False when there is no room for them. */
  holdRequest(bytes: number): boolean;
  /** To be called when the request's bytes are not needed any more. */
  releaseRequest(): void;
  /** To be called before `bytes` more of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean;
  /**
   * To be called once with the size of the whole answer, before it is sent. False when too many bytes wait for their
   * callers: the answer must be that there is no room. `giveUp` is called when nobody reads the answer.
   */
  holdWhole(bytes: number, giveUp: () => void): boolean;
  free(): void;
}

/** What happens with a request: one of the three callbacks is called, once, unless the call fails before. */
export interface Reception {
  /** The largest message, in bytes. */
  readonly maxBytes: number;
  /** Gives room for a message of `bytes`; undefined when there is none now. Without this member there is no limit. */
  readonly admit: ((bytes: number) => Room | undefined) | undefined;
  readonly onRequest: (request: Uint8Array) => void;
  readonly onTooLarge: () => void;
  readonly onBusy: () => void;
}

/** One unary call: reads one message, then answers once. An answer after the caller is gone has no effect. */
export class ServerCall implements Call {
  readonly #stream: ServerHttp2Stream;
  #aborter: AbortController | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #room: Room | undefined;
  #done = false;

  /** `timeout` is the header `grpc-timeout`. */
  constructor(stream: ServerHttp2Stream, timeout: string | undefined) {
    this.#stream = stream;
    stream.on("error", ignore); // a stream that failed is closed as well
    if (timeout !== undefined) this.#startDeadline(timeout);
  }

  /** Made when it is first read: most calls end before anybody can cancel them. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      const abort = () => this.#abort("the caller is gone", Code.Canceled);
      if (this.#stream.closed || this.#stream.destroyed) abort();
      else this.#stream.once("close", abort);
    }
    return this.#aborter.signal;
  }

  get connection(): object {
    return this.#stream.session ?? this;
  }

  get room(): Room | undefined {
    return this.#room;
  }

  /** Reads the request, unless its length prefix says that it is too large, or that there is no room for it. */
  readRequest({ maxBytes, admit, onRequest, onTooLarge, onBusy }: Reception): void {
    let chunks: Buffer[] = [];
    let received = 0;
    let expected = prefixBytes;
    const refuse = (answer: () => void) => {
      chunks = [];
      answer();
      this.stopReading();
    };
    const readPrefix = (prefix: Buffer) => {
      const bytes = prefix.readUInt32BE(1);
      expected = prefixBytes + bytes;
      if (prefix[0] !== 0) this.fail(new ConnectError("compression is not supported", Code.Unimplemented));
      else if (bytes > maxBytes) refuse(onTooLarge);
      else if (admit !== undefined && !this.#hold(admit(bytes))) refuse(onBusy);
    };
    this.#stream.on("data", (chunk: Buffer) => {
      if (this.#done) return;
      const hadPrefix = received >= prefixBytes;
      chunks.push(chunk);
      received += chunk.length;
      if (!hadPrefix && received >= prefixBytes) readPrefix(joinChunks(chunks));
      if (!this.#done && received > expected) this.fail(new ConnectError(notOneMessage, Code.InvalidArgument));
    });
    this.#stream.on("end", () => {
      if (this.#done) return;
      if (received === expected) onRequest(joinChunks(chunks).subarray(prefixBytes));
      else this.fail(new ConnectError(notOneMessage, Code.InvalidArgument));
      chunks = [];
    });
  }

  #hold(room: Room | undefined): boolean {
    this.#room = room;
    if (room !== undefined) this.#stream.on("close", () => room.free());
    return room !== undefined;
  }

  /** Whether there is room for an answer of `bytes` until the caller has read it. */
  holdWhole(bytes: number): boolean {
    return this.#room?.holdWhole(bytes, () => this.#stream.close(constants.NGHTTP2_CANCEL)) ?? true;
  }

  reply(message: Pieces): void {
    if (!this.#finish()) return;
    this.#stream.respond(replyHeaders, messageFollows);
    this.#stream.on("wantTrailers", sendOkTrailers);
    const frame = encodeFrame(message);
    for (const piece of frame.slice(0, -1)) this.#stream.write(piece);
    this.#stream.end(frame.at(-1));
  }

  fail({ code, rawMessage }: ConnectError): void {
    if (!this.#finish()) return;
    const headers = { ...replyHeaders, "grpc-status": String(code), "grpc-message": encodeMessage(rawMessage) };
    this.#stream.respond(headers, { endStream: true });
    if (!this.#stream.readableEnded) this.stopReading();
  }

  /** For a caller that does not speak gRPC. */
  refuseHttp(status: number): void {
    if (!this.#finish()) return;
    this.#stream.respond({ ":status": status }, { endStream: true });
    this.stopReading();
  }

  /** Begins a reply that has no end; what the caller sends is dropped. */
  hold(): void {
    if (!this.#finish()) return;
    this.#stream.respond(replyHeaders, messageFollows);
    this.#stream.resume();
  }

  /** Once the answer is sent, asks the caller not to send the rest of its request. */
  stopReading(): void {
    const stop = () => this.#stream.close(constants.NGHTTP2_NO_ERROR);
    if (this.#stream.writableFinished) stop();
    else this.#stream.once("finish", stop);
  }

  #startDeadline(timeout: string): void {
    const ms = parseTimeoutMs(timeout);
    if (ms === undefined) return this.fail(new ConnectError(`malformed grpc-timeout`, Code.InvalidArgument));
    const expire = () => {
      this.#abort("the deadline has passed", Code.DeadlineExceeded);
      this.fail(new ConnectError("the deadline has passed", Code.DeadlineExceeded));
    };
    this.#deadline = setTimeout(expire, Math.min(ms, maxTimerMs));
    this.#stream.once("close", () => clearTimeout(this.#deadline));
  }

  #abort(reason: string, code: Code): void {
    if (!this.#done) this.#aborter?.abort(new ConnectError(reason, code));
  }

  /** False when the call is answered already or nobody waits for an answer. */
  #finish(): boolean {
    if (this.#done || this.#stream.destroyed || this.#stream.closed) return false;
    this.#done = true;
    if (this.#deadline !== undefined) clearTimeout(this.#deadline);
    return true;
  }
}

const notOneMessage = "not one whole message";
const replyHeaders = { ":status": 200, "content-type": "application/grpc" };
/** gRPC does not use the date. */
const messageFollows = { waitForTrailers: true, sendDate: false };
const okTrailers = { "grpc-status": "0" };
/** Characters, up to 9 bytes each on the wire: a header block beyond 64 KiB breaks the connection. */
const maxMessageLength = 4_000;
const maxTimerMs = 2 ** 31 - 1;

function ignore(): void {}

function sendOkTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers);
}

/** `grpc-message` is percent-encoded printable ASCII. */
function encodeMessage(text: string): string {
  return encodeURIComponent(text.slice(0, maxMessageLength).toWellFormed()).replaceAll("%20", " ");
}

/** At most 8 digits and a unit. */
function parseTimeoutMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * (msPerUnit[unit] ?? 0);
}

const msPerUnit: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
