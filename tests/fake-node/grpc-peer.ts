import * as http2 from "node:http2";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** Bun 1.4.5 drops large or many calls under the default; in MB. */
const maxSessionMemory = 2 ** 20;

/** A gRPC server on a free port of the loopback interface, by Connect's own Node adapter. */
export class GrpcPeer implements AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly #server: http2.Http2Server;
  readonly #sessions: Set<http2.Http2Session>;

  /** Serves until it is disposed, and then drops its connections. */
  static async listen(routes: (router: ConnectRouter) => void): Promise<GrpcPeer> {
    const adapter = connectNodeAdapter({ routes, grpc: true, grpcWeb: false, connect: false, acceptCompression: [] });
    const options = { maxSessionMemory, streamResetBurst: 1_000_000, streamResetRate: 1_000_000 };
    const server = http2.createServer(options, adapter);
    const sessions = new Set<http2.Http2Session>();
    server.on("session", (session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
    });
    server.on("sessionError", () => {}); // a plugin that was killed
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new GrpcPeer(server, sessions);
  }

  private constructor(server: http2.Http2Server, sessions: Set<http2.Http2Session>) {
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("the server does not listen");
    this.address = `127.0.0.1:${address.port}`;
    this.#server = server;
    this.#sessions = sessions;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
  }
}

/** Connect's own gRPC client for a server, `host:port`, over one connection. */
export class GrpcChannel implements Disposable {
  readonly #baseUrl: string;
  readonly #sessions: Http2SessionManager;

  constructor(address: string) {
    this.#baseUrl = `http://${address}`;
    this.#sessions = new Http2SessionManager(this.#baseUrl, {}, { maxSessionMemory });
  }

  client<Service extends DescService>(service: Service): Client<Service> {
    const transport = createGrpcTransport({
      baseUrl: this.#baseUrl,
      sessionManager: this.#sessions,
      acceptCompression: [],
    });
    return createClient(service, transport);
  }

  /** A call without a library, on the same connection, by the name that a connection of go-plugin has. */
  open(path: string): Promise<http2.ClientHttp2Stream> {
    const headers = { ":authority": "unused", "content-type": "application/grpc", te: "trailers" };
    return this.#sessions.request("POST", path, headers, {});
  }

  [Symbol.dispose](): void {
    this.#sessions.abort();
  }
}
