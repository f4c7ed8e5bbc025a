import * as http2 from "node:http2";
import {
  create,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Log } from "../log.ts";
import { toConnectError } from "./grpc-error.ts";

/** What a method may know of its call. */
export interface Call {
  /** Aborts when the caller cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
}

/** An implementation of every unary method of a service: a method that is missing does not compile. */
export type UnaryService<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer Input, infer Output>
    ? (request: MessageShape<Input>, call: Call) => MessageInitShape<Output> | Promise<MessageInitShape<Output>>
    : never;
};

/** A method, ready to be called with the bytes of its request. */
interface Route {
  readonly maxRequestBytes: number;
  readonly run: (request: Uint8Array, call: Call) => Promise<Uint8Array>;
  /** Answers a request that is too large to be read. */
  readonly refuseLarge: () => Uint8Array;
}

export interface ServiceLimits<Service extends DescService> {
  /** Larger requests are refused by their length prefix, before they are read. */
  readonly maxRequestBytes: number;
  /** What to answer then, by method; the status RESOURCE_EXHAUSTED where there is nothing. */
  readonly tooLarge?: {
    readonly [Name in keyof Service["method"]]?: MessageInitShape<Service["method"][Name]["output"]>;
  };
}

export const defaultMaxRequestBytes = 128 * 1024 * 1024;

/**
 * A gRPC server for unary calls over plain HTTP/2. Connect's own Node adapter handles every protocol and stream kind
 * and needs three times the CPU for a small call; this one does what AvalancheGo's client needs
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), with Connect's service types and errors.
 */
export class GrpcServer {
  readonly #routes = new Map<string, Route>();
  readonly #log: Log;
  readonly #server: http2.Http2Server;

  constructor(log: Log) {
    this.#log = log;
    this.#server = http2.createServer({
      // Bun 1.4.5 refuses answers on open streams while more than this waits to be sent; in MB.
      maxSessionMemory: 2 ** 20,
      // The node cancels WaitForEvent often, and losing the connection would fail every call on it.
      streamResetBurst: 1_000_000,
      streamResetRate: 1_000_000,
      settings: { maxConcurrentStreams: 2 ** 31 - 1, initialWindowSize: 2 ** 20 },
    });
    this.#server.on("stream", (stream, headers) => this.#answer(stream as http2.ServerHttp2Stream, headers));
    // A client that closes, or sends garbage, ends its own session only.
    this.#server.on("sessionError", (error: Error) => this.#log.debug("grpc session failed", { error: error.message }));
  }

  add<Service extends DescService>(
    service: Service,
    implementation: UnaryService<Service>,
    limits: ServiceLimits<Service> = { maxRequestBytes: defaultMaxRequestBytes },
  ): void {
    for (const method of service.methods) {
      const name = method.localName as keyof Service["method"];
      const implement = implementation[name] as (
        request: unknown,
        call: Call,
      ) => MessageInitShape<typeof method.output>;
      const large = limits.tooLarge?.[name];
      this.#routes.set(`/${service.typeName}/${method.name}`, {
        maxRequestBytes: limits.maxRequestBytes,
        run: async (request, call) => {
          const reply = await implement(fromBinary(method.input, request), call);
          return toBinary(method.output, create(method.output, reply));
        },
        refuseLarge: () => {
          if (large !== undefined) return toBinary(method.output, create(method.output, large));
          throw new ConnectError(`a request has at most ${limits.maxRequestBytes} bytes`, Code.ResourceExhausted);
        },
      });
    }
  }

  /** Serves on a free port of the loopback interface. Gives `host:port`. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(`127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
      });
    });
  }

  close(): void {
    this.#server.close();
  }

  #answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    const call = new ServerCall(stream, headers["grpc-timeout"] as string | undefined);
    const path = headers[":path"] ?? "";
    const route = this.#routes.get(path);
    const contentType = headers["content-type"] ?? "";
    if (!contentType.startsWith("application/grpc")) return call.refuseHttp(415);
    if (route === undefined) return call.fail(new ConnectError(`${path} is not served here`, Code.Unimplemented));
    call.readRequest(
      route.maxRequestBytes,
      async (request) => {
        try {
          call.reply(await route.run(request, call));
        } catch (error) {
          this.#fail(call, path, error);
        }
      },
      () => {
        try {
          call.reply(route.refuseLarge());
        } catch (error) {
          this.#fail(call, path, error);
        }
        call.stopReading();
      },
    );
  }

  #fail(call: ServerCall, path: string, thrown: unknown): void {
    const error = toConnectError(thrown);
    const isBug = error.code === Code.Internal && thrown instanceof Error;
    if (isBug) this.#log.error("call failed", { path, error: thrown.stack ?? thrown.message });
    else this.#log.debug("call refused", { path, error: error.rawMessage });
    call.fail(error);
  }
}

/** One call: reads one message, then answers once. What happens after the caller is gone has no effect. */
class ServerCall implements Call {
  readonly #stream: http2.ServerHttp2Stream;
  #aborter: AbortController | undefined;
  #aborted: ConnectError | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #done = false;

  constructor(stream: http2.ServerHttp2Stream, timeout: string | undefined) {
    this.#stream = stream;
    stream.on("error", () => {}); // a stream that failed is closed as well
    stream.on("close", () => this.#abort(new ConnectError("the caller is gone", Code.Canceled)));
    const timeoutMs = parseTimeoutMs(timeout);
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.#expire(), Math.min(timeoutMs, maxTimerMs));
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#aborted !== undefined) this.#aborter.abort(this.#aborted);
    }
    return this.#aborter.signal;
  }

  readRequest(maxBytes: number, onRequest: (request: Uint8Array) => void, onTooLarge: () => void): void {
    const chunks: Uint8Array[] = [];
    let received = 0;
    let expected: number | undefined;
    this.#stream.on("data", (chunk: Uint8Array) => {
      if (this.#done) return;
      chunks.push(chunk);
      received += chunk.length;
      if (expected === undefined && received >= prefixBytes) {
        const prefix = Buffer.concat(chunks.length === 1 ? [chunk.subarray(0, prefixBytes)] : chunks);
        expected = prefixBytes + prefix.readUInt32BE(1);
        if (prefix[0] !== 0) return this.fail(new ConnectError("compression is not supported", Code.Unimplemented));
        if (expected - prefixBytes > maxBytes) {
          chunks.length = 0;
          onTooLarge();
        }
      }
    });
    this.#stream.on("end", () => {
      if (this.#done) return;
      if (received !== expected) return this.fail(new ConnectError("not one whole message", Code.InvalidArgument));
      const [first] = chunks;
      const message = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
      onRequest(message.subarray(prefixBytes));
    });
  }

  reply(message: Uint8Array): void {
    if (!this.#finish()) return;
    const frame = Buffer.allocUnsafe(prefixBytes + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, prefixBytes);
    this.#stream.respond(replyHeaders, { waitForTrailers: true });
    this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(okTrailers));
    this.#stream.end(frame);
  }

  fail({ code, rawMessage }: ConnectError): void {
    if (!this.#finish()) return;
    const headers = { ...replyHeaders, "grpc-status": String(code), "grpc-message": encodeMessage(rawMessage) };
    this.#stream.respond(headers, { endStream: true });
  }

  /** For a caller that does not speak gRPC. */
  refuseHttp(status: number): void {
    if (!this.#finish()) return;
    this.#stream.respond({ ":status": status }, { endStream: true });
    this.stopReading();
  }

  /** Tells the caller that the rest of its request is not wanted. */
  stopReading(): void {
    this.#stream.close(http2.constants.NGHTTP2_NO_ERROR);
  }

  #expire(): void {
    const error = new ConnectError("the deadline has passed", Code.DeadlineExceeded);
    this.#abort(error);
    this.fail(error);
  }

  #abort(error: ConnectError): void {
    clearTimeout(this.#deadline);
    if (this.#done) return;
    this.#aborted = error;
    this.#aborter?.abort(error);
  }

  /** False when the call was answered already or nobody waits for an answer. */
  #finish(): boolean {
    if (this.#done || this.#stream.destroyed || this.#stream.closed) return false;
    this.#done = true;
    clearTimeout(this.#deadline);
    return true;
  }
}

/** A compression flag and the message's length, u32. */
const prefixBytes = 5;
const replyHeaders = { ":status": 200, "content-type": "application/grpc" };
const okTrailers = { "grpc-status": "0" };
/** Longer header blocks than 64 KiB break the connection; see also `maxTextLength` in the log. */
const maxMessageLength = 4_000;
const maxTimerMs = 2 ** 31 - 1;

/** `grpc-message` is percent-encoded printable ASCII. */
function encodeMessage(text: string): string {
  return encodeURIComponent(text.slice(0, maxMessageLength).toWellFormed()).replaceAll("%20", " ");
}

/** `grpc-timeout`: at most 8 digits and a unit. */
function parseTimeoutMs(text: string | undefined): number | undefined {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? "") ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * (msPerUnit[unit] ?? 0);
}

const msPerUnit: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
