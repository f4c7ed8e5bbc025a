import { Hono } from "hono";
import type { Identity } from "../core/identity.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";
import { addExplorer } from "./explorer/explorer.tsx";
import { type Awaitable, answerJsonRpc, type Caller, type Methods } from "./json-rpc.ts";
import { createMethods, staticMethods } from "./methods.ts";

/** Bytes of a request's body: room for the largest data in hex, and for a batch of smaller ones. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** The ways into the API: both do the same for a JSON-RPC call. */
export interface Api {
  readonly app: Hono;
  /** Takes the body of a JSON-RPC call and gives the answer, "" for none; undefined, with nothing done, if too large. */
  readonly answerRpc: (body: Uint8Array, caller: Caller) => Awaitable<string> | undefined;
}

/** What people and programs see of the chain: JSON-RPC at `/rpc`, pages at `/explorer`. */
export function createApi(vm: Vm, identity: Identity, log: Log): Api {
  const answerRpc = createAnswer(createMethods(vm, identity));
  const app = createApp(log);
  serveRpc(app, "/rpc", answerRpc);
  addExplorer(app, vm, identity.notice);
  app.notFound((c) => c.text("not found\n", 404));
  return { app, answerRpc };
}

/** What is there without a chain: `ping` at `/static`, as timestampvm-rs has it. */
export function createStaticApp(log: Log): Hono {
  const app = createApp(log);
  serveRpc(app, "/static", createAnswer(staticMethods));
  app.notFound((c) => c.text("the chain is not initialized\n", 503));
  return app;
}

function createAnswer(methods: Methods): Api["answerRpc"] {
  return (body, caller) => {
    if (body.length > maxBodyBytes) return undefined;
    const answer = answerJsonRpc(methods, utf8.decode(body), caller);
    return answer instanceof Promise ? answer.then((text) => text ?? "") : (answer ?? "");
  };
}

function createApp(log: Log): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    log.error("request failed", { path: c.req.path, error: error.stack ?? error.message });
    return c.text("internal error\n", 500);
  });
  return app;
}

function serveRpc(app: Hono, path: string, answerRpc: Api["answerRpc"]): void {
  app.all(path, async (c) => {
    if (c.req.method !== "POST") return c.text("send JSON-RPC requests by POST\n", 405, { Allow: "POST" });
    // A web page may send other types to us without asking first; this one needs the node's consent.
    if (!isJson(c.req.header("content-type"))) return c.text("send Content-Type: application/json\n", 415);
    const answer = await answerRpc(new Uint8Array(await c.req.arrayBuffer()), c.req.raw);
    if (answer === undefined) return c.text(`a request has at most ${maxBodyBytes} bytes\n`, 413);
    return answer === "" ? new Response(null, { status: 204 }) : new Response(answer, jsonReply);
  });
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

const utf8 = new TextDecoder();
const jsonReply = { headers: { "Content-Type": "application/json" } };
