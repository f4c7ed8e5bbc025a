import { Hono } from "hono";
import { cors } from "hono/cors";
import { answerJsonRpc } from "../api/json-rpc.ts";
import { VmError } from "../core/errors.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Vm } from "../vm/vm.ts";
import { createInfoMethods, type NodeInfo, notice } from "./node-api.ts";

export interface DevAppOptions {
  readonly vm: Vm;
  readonly info: NodeInfo;
  /** Answers requests for the chain, without the part of the path where it is mounted. */
  readonly chainApp: (request: Request) => Response | Promise<Response>;
  /** The host names by which a browser may call us, beside localhost and addresses. */
  readonly hosts: readonly string[];
}

/** What a node serves of one chain, at the same URLs. */
export function createDevApp({ vm, info, chainApp, hosts }: DevAppOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    if (!isAllowedHost(c.req.header("host") ?? "", hosts)) return c.text("invalid host specified\n", 403);
    return next();
  });
  app.use(nodeCors);
  for (const name of info.chain) app.mount(`/ext/bc/${name}`, chainApp);
  app.get("/ext/health", (c) => {
    const { isHealthy, body } = checkHealth(vm, info);
    return c.body(body, isHealthy ? 200 : 503, json);
  });
  const infoMethods = createInfoMethods(info);
  app.post("/ext/info", async (c) =>
    c.body((await answerJsonRpc(infoMethods, await c.req.text(), c.req.raw)) ?? "", 200, json),
  );
  app.notFound((c) => c.text("404 page not found\n", 404));
  return app;
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
