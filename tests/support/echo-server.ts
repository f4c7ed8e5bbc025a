import { Code, ConnectError } from "@connectrpc/connect";
import { HTTP } from "../../gen/http/http_pb.ts";
import { Writer } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import { Reader } from "../../gen/io/reader/reader_pb.ts";
import { Log } from "../../src/log.ts";
import type { Call } from "../../src/rpcchainvm/grpc/call.ts";
import { GrpcServer } from "../../src/rpcchainvm/grpc/server.ts";

/** Bytes of a request that the limited methods take. */
export const maxLimitedBytes = 1_000;

/** Our gRPC server with methods that do what a test asks for. */
export class EchoServer implements Disposable {
  readonly address: string;
  readonly logged: string[];
  /** Calls of "wait" that run, and those that were aborted. */
  waiting = 0;
  readonly aborted: unknown[] = [];
  readonly #server: GrpcServer;
  readonly #released = Promise.withResolvers<void>();
  readonly #watchers = new Set<() => void>();

  /** With `how`, one of both ways to listen. */
  static async listen(how: "listen" | "listenCoalesced" = "listen"): Promise<EchoServer> {
    const logged: string[] = [];
    const log = new Log((line) => logged.push(line));
    log.setLevel("debug");
    const server = new GrpcServer(log);
    const methods: { act?: EchoServer["act"] } = {};
    server.add(HTTP, {
      handleSimple: async ({ url, body, method }, call) => {
        await methods.act?.(url, method, call);
        return { code: body.length, body };
      },
      handle: () => ({}),
    });
    server.add(
      Reader,
      { read: ({ length }) => ({ read: new Uint8Array(length) }) },
      { maxRequestBytes: maxLimitedBytes },
    );
    server.add(
      Writer,
      {
        write: ({ payload }) => ({ written: payload.length }),
        writeHeader: () => ({}),
        flush: () => ({}),
        hijack: () => ({}),
      },
      { maxRequestBytes: maxLimitedBytes, tooLarge: { write: { written: -1 } } },
    );
    const echo = new EchoServer(server, await server[how](), logged);
    methods.act = echo.act.bind(echo);
    return echo;
  }

  private constructor(server: GrpcServer, address: string, logged: string[]) {
    this.#server = server;
    this.address = address;
    this.logged = logged;
  }

  /** What a call does before its body is echoed, by its url. */
  async act(url: string, text: string, { signal }: Call): Promise<void> {
    if (url === "wait") await this.#wait(signal);
    if (url === "bug") throw new TypeError(text);
    if (url.startsWith("fail ")) throw new ConnectError(text, Number(url.slice(5)) as Code);
  }

  /** Resolves when `count` calls wait, and so many were aborted before. */
  until(count: number, aborted: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = () => {
      if (this.waiting !== count || this.aborted.length !== aborted) return;
      this.#watchers.delete(watch);
      resolve();
    };
    this.#watchers.add(watch);
    watch();
    return promise;
  }

  /** Lets the waiting calls answer. */
  release(): void {
    this.#released.resolve();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason));
    this.waiting++;
    this.#changed();
    try {
      await Promise.race([this.#released.promise, aborted.promise]);
    } catch (reason) {
      this.aborted.push(reason);
      throw reason;
    } finally {
      this.waiting--;
      this.#changed();
    }
  }

  #changed(): void {
    for (const watch of this.#watchers) watch();
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

/** Every code but the one for success. */
export const errorCodes: readonly Code[] = Object.values(Code).filter((code) => typeof code === "number") as Code[];
