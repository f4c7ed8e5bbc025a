import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/**
 * A connection to a gRPC server of the node, `host:port`. It connects at the first call, and again after a loss; a call
 * that could not be sent fails as "unavailable".
 */
export class NodeConnection {
  readonly #baseUrl: string;
  readonly #sessions: Http2SessionManager;

  constructor(address: string) {
    this.#baseUrl = `http://${address}`;
    // Bun 1.4.5 drops large or many calls under the default maxSessionMemory; in MB.
    this.#sessions = new Http2SessionManager(this.#baseUrl, pings, { maxSessionMemory: 2 ** 20 });
  }

  client<Service extends DescService>(service: Service): Client<Service> {
    const transport = createGrpcTransport({
      baseUrl: this.#baseUrl,
      sessionManager: this.#sessions,
      acceptCompression: [],
    });
    return createClient(service, transport);
  }

  close(): void {
    this.#sessions.abort();
  }
}

/** The node answers more frequent pings than one in 5 s with GOAWAY. */
const pings = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000, pingIdleConnection: true };
