import { type Context, type Handler, Hono } from "hono";
import { cors } from "hono/cors";
import type { Admission } from "../api/admission.ts";
import { type Api, answerFailure } from "../api/app.ts";
import { answerJsonRpc } from "../api/json-rpc.ts";
import { explorerPath } from "../api/paths.ts";
import type { Methods } from "../api/request.ts";
import type { Turns } from "../api/turns.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";
import { admit, type DevEnvironment } from "./admit.ts";
import { limitBody } from "./body.ts";
import { createHealth, createHealthMethods, type HealthReply } from "./health-api.ts";
import { createInfoMethods, type NodeInfo } from "./node-api.ts";

export interface DevAppOptions {
  readonly vm: Vm;
  readonly info: NodeInfo;
  /** Answers requests for the chain. Their paths begin below the place where it is mounted. */
  readonly chain: Api["fetch"];
  readonly admission: Admission;
  readonly turns: Turns;
  readonly log: Log;
  /** The host names that requests may name, beside localhost and IP addresses; `*` stands for every name. */
  readonly hosts: readonly string[];
}

type DevApp = Hono<DevEnvironment>;

/** Serves one chain as a node does, at the same URLs. */
export function createDevApp(options: DevAppOptions): DevApp {
  const { info, chain, admission, turns, hosts, log } = options;
  const app: DevApp = new Hono();
  app.onError((error, c) => answerFailure(error, c.req.path, c.req.raw.signal, log));
  app.use((c, next) => (isAllowedHost(c.req.header("host") ?? "", hosts) ? next() : refuseHost(c)));
  app.use(nodeCors);
  app.use((c, next) => admit(c, next, admission));
  app.use(limitBody);
  serveChain(app, info.chain, chain);
  serveHealth(app, options);
  app.post("/ext/info", answerCalls(createInfoMethods(info), turns));
  app.notFound((c) => c.text("404 page not found\n", 404));
  return app;
}

/** The chain at each of its names. What people type before they know a path leads to the page. */
function serveChain(app: DevApp, names: NodeInfo["chain"], chain: Api["fetch"]): void {
  const page = `${chainPath(names[0])}${explorerPath}`;
  for (const path of names
    .map(chainPath)
    .flatMap((path) => [path, `${path}/`])
    .concat("/")) {
    app.get(path, (c) => c.redirect(page));
  }
  const mounted = { optionHandler: (c: Context<DevEnvironment>) => [c.get("asker")] };
  for (const name of names) app.mount(chainPath(name), chain, mounted);
}

function chainPath(name: string): string {
  return `/ext/bc/${name}`;
}

/** Like AvalancheGo v1.14.2, api/health/handler.go. */
function serveHealth(app: DevApp, { vm, info, turns }: DevAppOptions): void {
  const health = createHealth(vm, info.chain[0]);
  app.get("/ext/health", (c) => replyHealth(c, health.health()));
  app.post("/ext/health", answerCalls(createHealthMethods(health), turns));
  for (const [name, report] of Object.entries(health)) app.all(`/ext/health/${name}`, (c) => replyHealth(c, report()));
}

function replyHealth(c: Context, reply: HealthReply): Response {
  return c.body(`${formatExactJson(reply)}\n`, reply.healthy ? 200 : 503, json);
}

/** Answers JSON-RPC calls. */
function answerCalls(methods: Methods, turns: Turns): Handler<DevEnvironment> {
  return async (c) => {
    const text = await c.req.text();
    const answer = await turns.run(c.get("asker"), (caller) => answerJsonRpc(methods, text, caller));
    return c.body(answer ?? "", 200, json);
  };
}

/** A node says the first three words only. */
function refuseHost(c: Context): Promise<Response> {
  return Promise.resolve(c.text("invalid host specified: dev --allow-host NAME allows it\n", 403));
}

/**
 * Guards against DNS rebinding: the page of another site can make a browser call us, but only under that site's name.
 * Like AvalancheGo v1.14.2, api/server/allowed_hosts.go.
 */
function isAllowedHost(header: string, hosts: readonly string[]): boolean {
  const host = header.replace(/:\d*$/, "").toLowerCase();
  const isNamed = hosts.some((allowed) => allowed === "*" || allowed.toLowerCase() === host);
  return host === "" || host === "localhost" || isNamed || isAddress(host);
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
