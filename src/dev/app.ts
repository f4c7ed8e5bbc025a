import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { type Admission, retryAfterSeconds } from "../api/admission.ts";
import { type Api, answerFailure, maxBodyBytes, type Sender } from "../api/app.ts";
import { answerJsonRpc } from "../api/json-rpc.ts";
import type { Turns } from "../api/turns.ts";
import { VmError } from "../core/errors.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";
import { createInfoMethods, type NodeInfo, notice } from "./node-api.ts";

export interface DevAppOptions {
  readonly vm: Vm;
  readonly info: NodeInfo;
  /** Answers requests for the chain, without the part of the path where it is mounted. */
  readonly chain: Api["fetch"];
  readonly admission: Admission;
  readonly turns: Turns;
  readonly log: Log;
  /** The host names by which a browser may call us, beside localhost and addresses. */
  readonly hosts: readonly string[];
}

interface Environment {
  readonly Bindings: HttpBindings;
  readonly Variables: { sender: Sender };
}

/** What a node serves of one chain, at the same URLs. */
export function createDevApp(options: DevAppOptions): Hono<Environment> {
  const { vm, info, chain, admission, turns, hosts, log } = options;
  const app = new Hono<Environment>();
  app.onError((error, c) => answerFailure(error, c.req.path, c.req.raw.signal, log));
  app.use((c, next) => (isAllowedHost(c.req.header("host") ?? "", hosts) ? next() : refuseHost(c)));
  app.use(nodeCors);
  app.use((c, next) => admit(c, admission, next));
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: refuseLarge }));
  const mounted = { optionHandler: (c: Context<Environment>) => [c.get("sender")] };
  for (const name of info.chain) app.mount(`/ext/bc/${name}`, chain, mounted);
  app.get("/ext/health", (c) => {
    const { isHealthy, body } = checkHealth(vm, info);
    return c.body(body, isHealthy ? 200 : 503, json);
  });
  const infoMethods = createInfoMethods(info);
  app.post("/ext/info", async (c) => {
    const text = await c.req.text();
    const answer = await turns.run(c.get("sender"), (caller) => answerJsonRpc(infoMethods, text, caller));
    return c.body(answer ?? "", 200, json);
  });
  app.notFound((c) => c.text("404 page not found\n", 404));
  return app;
}

function refuseHost(c: Context): Promise<Response> {
  return Promise.resolve(c.text("invalid host specified\n", 403));
}

function refuseLarge(c: Context): Response {
  return c.text(`a request has at most ${maxBodyBytes} bytes\n`, 413);
}

/** Before anything is read. Until the answer is fetched, the request counts. */
async function admit(c: Context<Environment>, admission: Admission, next: () => Promise<void>) {
  const busy = () => c.text("too many requests, try again later\n", 503, { "Retry-After": String(retryAfterSeconds) });
  const room = admission.admit(bytesOf(c));
  if (room === undefined) return busy();
  const { incoming, outgoing } = c.env;
  outgoing.once("close", () => room.free());
  const name = incoming.socket.remoteAddress ?? "unknown";
  if (!room.takeFor(name)) return busy();
  c.set("sender", { name, signal: c.req.raw.signal, releaseRequest: () => room.releaseRequest() });
  await next();
  if (c.res.body === null) return undefined;
  const body = await c.res.arrayBuffer();
  const isRoom = room.holdAnswer(body.byteLength, () => outgoing.destroy());
  c.res = isRoom ? new Response(body, c.res) : busy();
  return undefined;
}

/** A body that does not say how long it is may be as long as any. */
function bytesOf(c: Context): number {
  if (c.req.header("transfer-encoding") !== undefined) return maxBodyBytes;
  return Math.min(Number(c.req.header("content-length") ?? 0), maxBodyBytes);
}

/**
 * A page of another site can make a browser call us under a name of its own (DNS rebinding), but not under ours or an
 * address. As AvalancheGo v1.14.2, api/server/allowed_hosts.go.
 */
function isAllowedHost(header: string, hosts: readonly string[]): boolean {
  const host = header.replace(/:\d*$/, "").toLowerCase();
  return host === "" || host === "localhost" || hosts.includes(host) || isAddress(host);
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
}

/** As AvalancheGo with its default, `--http-allowed-origins=*`. */
const nodeCors = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD", "POST"],
  allowHeaders: ["Accept", "Content-Type", "X-Requested-With"],
  credentials: true,
});

const json = { "Content-Type": "application/json" };

function checkHealth(vm: Vm, { chain: [alias] }: NodeInfo): { readonly isHealthy: boolean; readonly body: string } {
  const report = (check: object, isHealthy: boolean) => {
    const checks = { [alias]: { ...check, timestamp: new Date().toISOString() } };
    return { isHealthy, body: `${formatExactJson({ healthy: isHealthy, notice, checks })}\n` };
  };
  try {
    return report({ message: vm.checkHealth() }, true);
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return report({ error: error.message }, false);
  }
}
