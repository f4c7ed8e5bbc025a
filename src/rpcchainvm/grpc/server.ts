import * as http2 from "node:http2";
import * as net from "node:net";
import {
  create,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { andThen } from "../../avalanche/awaitable.ts";
import type { Log } from "../../log.ts";
import { type Call, type Reception, ServerCall } from "./call.ts";
import { CoalescedSocket } from "./coalesced-socket.ts";
import { type StatusOf, toConnectError } from "./error.ts";
import { lengthOf, type Pieces } from "./frame.ts";

/** An implementation of every unary method of a service. If a method is missing, it does not compile. */
export type UnaryService<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethodUnary<infer Input, infer Output>
    ? (request: MessageShape<Input>, call: Call) => MessageInitShape<Output> | Promise<MessageInitShape<Output>>
    : never;
};

/** Lets methods read and write messages in another layout than the one in the service's declaration. */
export type Codecs<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]?: {
    /** Gives undefined for a request with a part that is too large. It is then refused as too large. */
    readonly decode?: (request: Uint8Array) => MessageShape<Service["method"][Name]["input"]> | undefined;
    readonly encode?: (reply: MessageInitShape<Service["method"][Name]["output"]>) => Pieces;
  };
};

/** A method, ready to be called with the bytes of its request. */
interface Route {
  readonly maxRequestBytes: number;
  readonly admit: Reception["admit"];
  readonly run: (request: Uint8Array, call: Call) => Pieces | Promise<Pieces>;
  /** Answers a request that is too large to be read. */
  readonly refuseLarge: () => Pieces;
  /** Answers a request for which there is no room now. */
  readonly refuseBusy: () => Pieces;
}

/** The answer of each method to a request that is not read; without one, it is the status RESOURCE_EXHAUSTED. */
type Refusals<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]?: MessageInitShape<Service["method"][Name]["output"]>;
};

/** How the requests of a service are admitted, refused and read. */
export interface ServiceOptions<Service extends DescService> {
  /** Larger requests are refused by their length prefix, before they are read. */
  readonly maxRequestBytes?: number;
  readonly tooLarge?: Refusals<Service>;
  /** Called for each request with the size from its length prefix, before it is read: see `Reception`. */
  readonly admit?: Reception["admit"];
  readonly busy?: Refusals<Service>;
  readonly codecs?: Codecs<Service>;
}

export interface ServerOptions {
  /** How many bytes of a request a caller may send before we have read any. */
  readonly windowBytes?: number;
  /** For errors that implementations throw. Without it, every error but a `ConnectError` is a bug. */
  readonly statusOf?: StatusOf;
}

export const defaultMaxRequestBytes = 128 * 1024 * 1024;

/**
 * A gRPC server for unary calls over plain HTTP/2. Connect's own Node adapter handles every protocol and stream kind
 * and needs three times the CPU for a small call. This server does only what AvalancheGo's client needs
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), with Connect's service types and errors.
 */
export class GrpcServer {
  readonly #routes = new Map<string, Route>();
  readonly #held = new Set<string>();
  readonly #log: Log;
  readonly #statusOf: StatusOf;
  readonly #server: http2.Http2Server;

  constructor(log: Log, { windowBytes = 2 ** 20, statusOf = () => undefined }: ServerOptions = {}) {
    this.#log = log;
    this.#statusOf = statusOf;
    this.#server = http2.createServer({
      // In MB. While more than this waits to be sent, Bun 1.4.5 refuses answers on open streams.
      maxSessionMemory: 2 ** 20,
      // The node cancels WaitForEvent often. A lost connection would fail every call on it.
      streamResetBurst: 1_000_000,
      streamResetRate: 1_000_000,
      settings: { maxConcurrentStreams: 2 ** 31 - 1, initialWindowSize: windowBytes },
      strictSingleValueFields: false,
    });
    this.#server.on("stream", (stream, headers) => this.#answer(stream as http2.ServerHttp2Stream, headers));
    // A client that closes, or sends garbage, ends its own session only.
    this.#server.on("sessionError", (error: Error) => this.#log.debug("grpc session failed", { error: error.message }));
  }

  add<Service extends DescService>(
    service: Service,
    implementation: UnaryService<Service>,
    { maxRequestBytes = defaultMaxRequestBytes, tooLarge, admit, busy, codecs }: ServiceOptions<Service> = {},
  ): void {
    for (const method of service.methods) {
      const name = method.localName as keyof Service["method"];
      const implement = implementation[name] as (request: unknown, call: Call) => Reply | Promise<Reply>;
      type Reply = MessageInitShape<typeof method.output>;
      const codec = codecs?.[name];
      const encode = (codec?.encode ?? ((reply) => [toBinary(method.output, create(method.output, reply))])) as (
        reply: Reply,
      ) => Pieces;
      const decode = codec?.decode ?? ((request: Uint8Array) => fromBinary(method.input, request, ignoreUnknown));
      const refuse = (answer: Reply | undefined, problem: string) => {
        if (answer !== undefined) return encode(answer);
        throw new ConnectError(problem, Code.ResourceExhausted);
      };
      const refuseLarge = () => refuse(tooLarge?.[name], `a request has at most ${maxRequestBytes} bytes`);
      this.#routes.set(pathOf(method), {
        maxRequestBytes,
        admit,
        run: (request, call) => {
          const message = decode(request);
          if (message === undefined) return refuseLarge();
          const reply = implement(message, call);
          return andThen(reply, encode);
        },
        refuseLarge,
        refuseBusy: () => refuse(busy?.[name], "too many requests, try again later"),
      });
    }
  }

  /** Keeps every stream of a method open and empty until the caller closes it. */
  hold(method: DescMethod): void {
    this.#held.add(pathOf(method));
  }

  /** Serves on a free port of the loopback interface. Gives `host:port`. */
  listen(): Promise<string> {
    return listenOnLoopback(this.#server);
  }

  /**
   * The same for many small calls at a time: see `CoalescedSocket`. Port 0 is any free one. Rejects with the system's
   * error.
   */
  listenCoalesced(port = 0): Promise<string> {
    const listener = net.createServer((socket) => this.#server.emit("connection", new CoalescedSocket(socket)));
    this.#server.on("close", () => listener.close());
    return listenOnLoopback(listener, port);
  }

  close(): void {
    this.#server.close();
  }

  #answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    const call = new ServerCall(stream, headers["grpc-timeout"] as string | undefined);
    const path = headers[":path"] ?? "";
    if (!headers["content-type"]?.startsWith("application/grpc")) return call.refuseHttp(415);
    if (this.#held.has(path)) return call.hold();
    const route = this.#routes.get(path);
    if (route === undefined) return call.fail(new ConnectError(`${path} is not served here`, Code.Unimplemented));
    const ifRoom = (reply: Pieces) => (call.holdWhole(lengthOf(reply)) ? reply : route.refuseBusy());
    call.readRequest({
      maxBytes: route.maxRequestBytes,
      admit: route.admit,
      onRequest: (request) =>
        this.#reply(call, path, () => {
          const reply = route.run(request, call);
          return andThen(reply, ifRoom);
        }),
      onTooLarge: () => this.#reply(call, path, route.refuseLarge),
      onBusy: () => this.#reply(call, path, route.refuseBusy),
    });
  }

  /** Uses a promise only if the method does: most finish at once, and a promise would slow a small call. */
  #reply(call: ServerCall, path: string, work: () => Pieces | Promise<Pieces>): void {
    const fail = (error: unknown) => this.#fail(call, path, error);
    const answer = (message: Pieces) => call.reply(message);
    try {
      const reply = work();
      if (reply instanceof Promise) reply.then(answer).catch(fail);
      else answer(reply);
    } catch (error) {
      fail(error);
    }
  }

  #fail(call: ServerCall, path: string, thrown: unknown): void {
    const error = toConnectError(thrown, this.#statusOf);
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    if (error.code === Code.Internal) this.#log.error("call failed", { path, error: stack ?? error.rawMessage });
    else this.#log.debug("call refused", { path, error: error.rawMessage });
    call.fail(error);
  }
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Unknown fields of a newer node are dropped, since requests are not passed on. */
const ignoreUnknown = { readUnknownFields: false };

function listenOnLoopback(server: net.Server | http2.Http2Server, port = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(`127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
    });
  });
}
