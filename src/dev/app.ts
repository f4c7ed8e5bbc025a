import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import type { Admission } from "../api/admission.ts";
import { type Api, answerFailure, maxBodyBytes } from "../api/app.ts";
import { answerJsonRpc } from "../api/json-rpc.ts";
import type { Turns } from "../api/turns.ts";
import { CodedError } from "../avalanche/coded-error.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";
import { admit, type DevEnvironment } from "./admit.ts";
import { createInfoMethods, type NodeInfo, notice } from "./node-api.ts";

export interface DevAppOptions {
  readonly vm: Vm;
  readonly info: NodeInfo;
  /** Answers requests for the chain. Their paths begin below the place where it is mounted. */
  readonly chain: Api["fetch"];
  readonly admission: Admission;
  readonly turns: Turns;
  readonly log: Log;
  /** The host names that requests may name, beside localhost and IP addresses. */
  readonly hosts: readonly string[];
}

/** Serves one chain as a node does, at the same URLs. */
export function createDevApp(options: DevAppOptions): Hono<DevEnvironment> {
  const { vm, info, chain, admission, turns, hosts, log } = options;
  const app = new Hono<DevEnvironment>();
  app.onError((error, c) => answerFailure(error, c.req.path, c.req.raw.signal, log));
  app.use((c, next) => (isAllowedHost(c.req.header("host") ?? "", hosts) ? next() : refuseHost(c)));
  app.use(nodeCors);
  app.use((c, next) => admit(c, next, admission));
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: refuseLarge }));
  const mounted = { optionHandler: (c: Context<DevEnvironment>) => [c.get("asker")] };
  for (const name of info.chain) app.mount(`/ext/bc/${name}`, chain, mounted);
  app.get("/ext/health", (c) => {
    const { isHealthy, body } = checkHealth(vm, info);
    return c.body(body, isHealthy ? 200 : 503, json);
  });
  const infoMethods = createInfoMethods(info);
  app.post("/ext/info", async (c) => {
    const text = await c.req.text();
    const answer = await turns.run(c.get("asker"), (caller) => answerJsonRpc(infoMethods, text, caller));
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

/**
 * Guards against DNS rebinding: the page of another site can make a browser call us, but only under that site's name.
 * Like AvalancheGo v1.14.2, api/server/allowed_hosts.go.
 */
function isAllowedHost(header: string, hosts: readonly string[]): boolean {
  const host = header.replace(/:\d*$/, "").toLowerCase();
  return host === "" || host === "localhost" || hosts.includes(host) || isAddress(host);
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
}

/** Like AvalancheGo with its default, `--http-allowed-origins=*`. */
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
    if (!(error instanceof CodedError)) throw error;
    return report({ error: error.message }, false);
  }
}
