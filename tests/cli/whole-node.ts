import { type RanWithBytes, run } from "./node-support.ts";

/** What a node answers beside its chains, in the shapes of AvalancheGo 1.14. */
export interface NodeAnswers {
  /** `platform.getBlockchains`; undefined for a P-Chain that is not bootstrapped. */
  readonly blockchains?: readonly Blockchain[];
  /** The chains that it has, by id or alias, and whether each is bootstrapped. */
  readonly bootstrapped?: Readonly<Record<string, boolean>>;
  /** The body of /ext/health. */
  readonly health?: object | string;
  /** What answers at a chain's path; HTTP 404 by default. */
  readonly chain?: (path: string, request: Request) => Response | Promise<Response>;
}

interface Blockchain {
  readonly id: string;
  readonly name: string;
  readonly vmID: string;
  readonly subnetID?: string;
}

/** A node with its P-Chain, info and health. */
export class WholeNode implements Disposable {
  readonly #server;
  /** Paths that were asked, in order. */
  readonly asked: string[] = [];

  constructor(answers: NodeAnswers) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        this.asked.push(pathname);
        return answer(answers, pathname, request);
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Runs a command at the node's URL, unless it names another one. */
  run(args: readonly string[]): Promise<RanWithBytes> {
    return run(args.includes("--url") ? args : [...args, "--url", this.url]);
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

async function answer(answers: NodeAnswers, path: string, request: Request): Promise<Response> {
  const { blockchains, bootstrapped = {}, health = { checks: {}, healthy: true }, chain } = answers;
  switch (path) {
    case "/ext/health":
      return new Response(typeof health === "string" ? health : JSON.stringify(health), { status: 503 });
    case "/ext/info": {
      const { method, params } = (await request.json()) as { method: string; params: { chain: string } };
      if (method !== "info.isBootstrapped") return new Response("", { status: 400 });
      const isBootstrapped = bootstrapped[params.chain];
      if (isBootstrapped !== undefined) return Response.json({ jsonrpc: "2.0", result: { isBootstrapped }, id: 1 });
      return refuse(`there is no chain with alias/ID '${params.chain}'`);
    }
    case "/ext/bc/P": {
      const { method } = (await request.json()) as { method: string };
      if (blockchains === undefined) {
        return new Response("API call rejected because chain is not done bootstrapping", { status: 503 });
      }
      if (method !== "platform.getBlockchains") return new Response("", { status: 400 });
      return Response.json({ jsonrpc: "2.0", result: { blockchains }, id: 1 });
    }
    default:
      return chain?.(path, request) ?? new Response("404 page not found\n", { status: 404 });
  }
}

function refuse(message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code: -32000, message, data: null }, id: 1 });
}
