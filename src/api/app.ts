import { Hono } from "hono";
import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { Log } from "../log.ts";
import type { Asker, Caller } from "../vm/caller.ts";
import { bodyProblemOf } from "./body-problem.ts";
import { answerJsonRpc } from "./json-rpc.ts";
import { logProposals } from "./log-proposals.ts";
import { collectIfGrown } from "./memory.ts";
import { createMethods, type MethodOptions, staticMethods } from "./methods.ts";
import { explorerPath, rpcPath } from "./paths.ts";
import type { Methods } from "./request.ts";
import type { Turns } from "./turns.ts";

/** Bytes of a request's body: enough for the largest data in hex, or a batch of smaller data. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Bytes of a body that carries no data: a call at `/static`. */
export const maxSmallBodyBytes = 4 * 1024;
/** Characters of a URL. */
export const maxUrlLength = 8 * 1024;

/** The two ways into the API. Both do the same for a JSON-RPC call. */
export interface Api {
  readonly fetch: (request: Request, asker: Asker) => Awaitable<Response>;
  /** Takes the body of a JSON-RPC call. Gives the answer, or "" for none. Refuses a too large one by undefined. */
  readonly answerRpc: (body: Uint8Array, asker: Asker) => Awaitable<string> | undefined;
}

/** What a route knows in addition to the request. */
interface Environment {
  readonly Bindings: { readonly caller: Caller };
}

type App = Hono<Environment>;

export interface ApiOptions extends MethodOptions {
  /** Answers requests for pages. */
  readonly explorer: App;
  readonly log: Log;
  readonly turns: Turns;
}

/** Serves a chain to programs and people: JSON-RPC and pages, each at its path. All work is done in `turns`. */
export function createApi({ explorer, log, turns, ...options }: ApiOptions): Api {
  const methods = createMethods({ ...options, propose: logProposals(options.propose, log) });
  const app = createApp(log);
  serveRpc(app, rpcPath, methods, maxBodyBytes);
  app.route(explorerPath, explorer);
  app.notFound((c) => c.text("not found\n", 404));
  return {
    fetch: (request, asker) => turns.run(asker, (caller) => app.fetch(request, { caller })),
    answerRpc: (body, asker) => {
      if (body.length > maxBodyBytes) return undefined;
      return turns.run<string>(asker, (caller) => {
        const othersTurn = body.length > longBytes ? caller.pause() : undefined; // to parse it takes a turn of its own
        if (othersTurn === undefined) return answerText(methods, body, caller);
        return othersTurn.then(() => answerText(methods, body, caller));
      });
    },
  };
}

/** Serves `ping` at `/static`, without a chain, like timestampvm-rs. */
export function createStaticApp(log: Log, turns: Turns): Api["fetch"] {
  const app = createApp(log);
  serveRpc(app, "/static", staticMethods, maxSmallBodyBytes);
  app.notFound((c) => c.text("the chain is not initialized\n", 503));
  return (request, asker) => turns.run(asker, (caller) => app.fetch(request, { caller }));
}

/** Gives "" if there is no answer. */
function answerText(methods: Methods, body: Uint8Array, caller: Caller): Awaitable<string> {
  const text = decodeUtf8(body);
  caller.releaseRequest();
  const answer = answerJsonRpc(methods, text, caller);
  if (body.length > largeBytes) setImmediate(collectIfGrown);
  return andThen(answer, noteAnswer);
}

function noteAnswer(text = ""): string {
  if (text.length > largeBytes) setImmediate(collectIfGrown);
  return text;
}

/** A body of more bytes takes milliseconds to parse. */
const longBytes = 1024 * 1024;
/** After so many bytes or characters, it is time to check the memory in use. */
const largeBytes = 64 * 1024;

function createApp(log: Log): App {
  const app: App = new Hono();
  app.onError((error, c) => answerFailure(error, c.req.path, c.env.caller.signal, log));
  app.use(async (c, next) => {
    if (c.req.url.length > maxUrlLength) return c.text(`a URL has at most ${maxUrlLength} characters\n`, 414);
    return next();
  });
  return app;
}

/** An error of a handler is a bug, unless the client is gone while its request is read or its answer is made. */
export function answerFailure(error: Error, path: string, signal: AbortSignal, log: Log): Response {
  if (!signal.aborted) log.error("request failed", { path, error: error.stack ?? error.message });
  return new Response("internal error\n", { status: 500 });
}

function serveRpc(app: App, path: string, methods: Methods, maxBytes: number): void {
  app.all(path, async (c) => {
    if (c.req.method !== "POST") return c.text("send JSON-RPC requests by POST\n", 405, { Allow: "POST" });
    const problem = bodyProblemOf(c.req.header("content-type"), c.req.header("content-encoding"));
    if (problem !== undefined) return c.text(`${problem.words}\n`, 415, problem.headers);
    const body = new Uint8Array(await c.req.arrayBuffer());
    if (body.length > maxBytes) return c.text(`a request has at most ${maxBytes} bytes\n`, 413);
    const answer = await answerText(methods, body, c.env.caller);
    return answer === "" ? new Response(null, { status: 204 }) : new Response(answer, jsonReply);
  });
}

/** What is not UTF-8 is no JSON either, and neither is "". */
function decodeUtf8(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    return "";
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const jsonReply = { headers: { "Content-Type": "application/json" } };
