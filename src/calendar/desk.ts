import type { IncomingMessage, ServerResponse } from "node:http";
import { stackOf } from "../avalanche/coded-error.ts";
import type { Log } from "../log.ts";
import type { Aggregator } from "./aggregator.ts";
import { type Answer, octets, plainText, send } from "./answer.ts";
import type { Connections } from "./connections.ts";
import { Unavailable } from "./errors.ts";
import { type CalendarState, describe, metricsOf } from "./front-page.ts";
import type { LookUps } from "./look-ups.ts";
import type { Rate } from "./rate.ts";
import { readDigest } from "./read-digest.ts";

export interface DeskParts {
  /** Where clients reach the calendar, as they must write it. */
  readonly url: string;
  readonly aggregator: Aggregator;
  readonly lookUps: LookUps;
  readonly rate: Rate;
  readonly connections: Connections;
  readonly log: Log;
}

/** Answers a request. */
type Handler = (request: IncomingMessage) => Answer | Promise<Answer>;

/** What is served at a path. */
interface Route {
  readonly methods: readonly string[];
  readonly handler: Handler;
  /** Whether it is work, of which one address may not ask for too much. */
  readonly isRated?: true;
}

/** Takes the requests of clients. The protocol is that of OpenTimestamps' own server (opentimestamps-server 0.7.1). */
export class Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  readonly serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { connections, aggregator, log } = this.#parts;
    if (!connections.begin(request, response)) return;
    try {
      const answer = await this.#answer(request);
      if (!response.destroyed) send(response, answer, !request.complete || aggregator.isClosed);
    } catch (error) {
      log.error("a request failed", { error: stackOf(error) });
      response.destroy();
    }
  };

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { connections, rate } = this.#parts;
    const { method = "", url = "" } = request;
    const route = this.#routeOf(url.replace(/\?.*$/s, "").replace(/^\/+/, ""));
    const isTaken = route?.methods.includes(method) === true;
    if (!isTaken || method !== "POST") connections.read(request); // what more it sends is not read
    if (route === undefined) return plainText(404, "Not found");
    const allowed = [...route.methods, "OPTIONS"].join(", ");
    if (method === "OPTIONS") return preflight(allowed);
    if (!isTaken) return plainText(405, `Use ${route.methods[0]}`, { Allow: allowed });
    if (route.isRated && !rate.take(request.socket.remoteAddress ?? "", performance.now())) {
      return plainText(429, "Too many requests from this address. Try again later.", retryLater);
    }
    try {
      return await route.handler(request);
    } catch (error) {
      if (error instanceof Unavailable) return plainText(503, error.message, retryLater);
      throw error;
    }
  }

  /** Takes a path without the slashes before it: clients put any number of them there. */
  #routeOf(path: string): Route | undefined {
    const [, commitment] = /^timestamp\/+(.*)$/s.exec(path) ?? [];
    if (commitment !== undefined) {
      return { methods: reading, handler: () => this.#parts.lookUps.find(commitment), isRated: true };
    }
    return this.#routes.get(path);
  }

  readonly #routes = new Map<string, Route>([
    ["digest", { methods: ["POST"], handler: (request) => this.#stamp(request), isRated: true }],
    [
      "",
      { methods: reading, handler: ({ headers }) => describe(this.#state(), headers.accept === "application/json") },
    ],
    ["tip", { methods: reading, handler: () => this.#tip() }],
    ["health", { methods: reading, handler: () => this.#health() }],
    ["metrics", { methods: reading, handler: () => metricsOf(this.#state()) }],
  ]);

  async #stamp(request: IncomingMessage): Promise<Answer> {
    const { aggregator, connections } = this.#parts;
    const digest = await readDigest(request);
    connections.read(request);
    if (digest === "too long") return plainText(413, wrongLength);
    if (digest === "too short" || digest === "cut off") return plainText(400, wrongLength);
    return octets(await aggregator.stamp(digest));
  }

  #tip(): Answer {
    const { tip } = this.#parts.aggregator;
    return tip === undefined
      ? plainText(404, "No digest has come yet")
      : octets(tip.root, { "Cache-Control": "max-age=10" });
  }

  async #health(): Promise<Answer> {
    const { aggregator, lookUps } = this.#parts;
    if (aggregator.isClosed) throw new Unavailable("shut down");
    if (!(await lookUps.isServing())) throw new Unavailable("no node");
    return plainText(200, "ok", { "Cache-Control": "no-store" });
  }

  #state(): CalendarState {
    const { url, aggregator, connections } = this.#parts;
    const { counts, waiting, tip } = aggregator;
    return { ...counts, url, waiting, tip, connections: connections.count };
  }
}

const reading = ["GET", "HEAD"];
const retryLater = { "Retry-After": "5" };
const wrongLength = "A digest has exactly 32 bytes";

/** Any page in a browser may stamp. */
function preflight(allowed: string): Answer {
  const headers = { "Access-Control-Allow-Methods": allowed, "Access-Control-Allow-Headers": "Accept, Content-Type" };
  return { status: 204, headers: { ...headers, "Access-Control-Max-Age": "86400" } };
}
