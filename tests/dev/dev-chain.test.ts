import { describe, expect, test } from "bun:test";
import { setTimeout } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { Admission } from "../../src/api/admission.ts";
import { Turns } from "../../src/api/turns.ts";
import { createClient } from "../../src/client/client.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { parseGenesis } from "../../src/core/genesis.ts";
import { createDevApp } from "../../src/dev/app.ts";
import type { DevChain, DevOptions } from "../../src/dev/dev-chain.ts";
import { listenNear, maxHeaderBytes, portOf } from "../../src/dev/listen.ts";
import { Log } from "../../src/log.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { within } from "../fake-node/deadline.ts";
import { startApi } from "../support/api.ts";
import { childOf, genesis, genesisBytes, startVm } from "../support/chain.ts";
import { startTestChain } from "../support/dev-chain.ts";
import { reasonOf } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const notice = "development chain: one process, no peers, no consensus";

/** A chain on a port of its own, and what it accepts. */
class Dev implements Disposable {
  readonly chain: DevChain;
  readonly accepted: Block[];
  readonly logged: string[];
  readonly #changed: { onAccepted: () => void };

  static async start(options: Partial<DevOptions> = {}): Promise<Dev> {
    const accepted: Block[] = [];
    const logged: string[] = [];
    const changed = { onAccepted: () => {} };
    const chain = await startTestChain({
      log: new Log((line) => logged.push(line)),
      onAccepted: (block) => {
        accepted.push(block);
        changed.onAccepted();
      },
      ...options,
    });
    return new Dev(chain, accepted, logged, changed);
  }

  private constructor(chain: DevChain, accepted: Block[], logged: string[], changed: { onAccepted: () => void }) {
    this.chain = chain;
    this.accepted = accepted;
    this.logged = logged;
    this.#changed = changed;
  }

  get rpc(): string {
    return `${this.chain.url}/ext/bc/timestampvm/rpc`;
  }

  async call(method: string, params?: object, url = this.rpc): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(error.message);
    return result;
  }

  propose(text: string): Promise<unknown> {
    return this.call("proposeBlock", { data: new TextEncoder().encode(text).toBase64() });
  }

  async waitForBlocks(count: number): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changed.onAccepted = () => {
      if (this.accepted.length >= count) resolve();
    };
    this.#changed.onAccepted();
    await within(`${count} blocks`, promise);
    return this.accepted.map(({ data }) => new TextDecoder().decode(data));
  }

  [Symbol.dispose](): void {
    this.chain.close();
  }
}

describe("a development chain", () => {
  test("accepts what is proposed, in its order, and serves it", async () => {
    using dev = await Dev.start();
    for (const text of ["one", "two", "three"]) expect(await dev.propose(text)).toEqual({ success: true });
    expect(await dev.waitForBlocks(3)).toEqual(["one", "two", "three"]);
    const last = dev.accepted.at(-1);
    expect(await dev.call("timestampvm.lastAccepted")).toEqual({ id: String(last?.id) });
    expect(await dev.call("getBlock", { id: last?.id })).toMatchObject({ block: { height: 3, data: "0x7468726565" } });
    expect(dev.logged).toEqual([]);
  });

  test("logs what it takes and accepts at level debug, and no data", async () => {
    const lines: string[] = [];
    const log = new Log((line) => lines.push(line));
    log.setLevel("debug");
    using dev = await Dev.start({ log });
    await dev.propose("a secret");
    await dev.waitForBlocks(1);
    const digest = "984ca5162200734c592148f1820b71057f098573d138666b48663e4e30cd8d3a"; // sha256sum
    const [block] = dev.accepted;
    const events = lines.map((line) => JSON.parse(line));
    expect(events).toContainEqual(expect.objectContaining({ event: "proposal acknowledged", digest, bytes: 8 }));
    const accepted = { level: "debug", event: "block accepted", id: String(block?.id), height: 1, digest };
    expect(events).toContainEqual(expect.objectContaining(accepted));
    for (const form of ["secret", "YSBzZWNyZXQ", "612073656372"]) expect(lines.join("\n")).not.toContain(form);
  });

  test("is served under its id as well", async () => {
    using dev = await Dev.start();
    const url = `${dev.chain.url}/ext/bc/${dev.chain.genesis.id}/rpc`;
    expect(await dev.call("ping", undefined, url)).toEqual({ success: true });
  });

  test("takes many proposals at once, and answers others meanwhile", async () => {
    using dev = await Dev.start();
    const texts = Array.from({ length: 500 }, (_, i) => `text ${i}`);
    await Promise.all(texts.map((text) => dev.propose(text)));
    const [answer] = await Promise.all([dev.call("ping"), dev.waitForBlocks(500)]);
    expect(answer).toEqual({ success: true });
    expect(dev.accepted.map(({ data }) => new TextDecoder().decode(data)).sort()).toEqual([...texts].sort());
  });

  test("keeps a chain in a file, with what waits", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("dev/timestampvm.db");
    const first = await Dev.start({ file, config: { minBlockIntervalMs: 3_600_000 } });
    try {
      await first.propose("one");
      await first.propose("two"); // its time never comes
    } finally {
      first.chain.close();
    }
    using again = await Dev.start({ file });
    await again.waitForBlocks(2 - Number(again.chain.lastAccepted.height));
    expect(again.accepted.at(-1)?.height).toBe(2n);
  });

  test("refuses the file of another chain, and one that is in use", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    using first = await Dev.start({ file });
    await expect(Dev.start({ file })).rejects.toThrow("in use");
    first.chain.close();
    const other = new TextEncoder().encode('{"data":"another"}');
    await expect(Dev.start({ file, genesisBytes: other })).rejects.toThrow("not this chain's genesis");
  });

  test("takes the next port when the wanted one is taken", async () => {
    using first = await Dev.start();
    using second = await Dev.start({ port: first.chain.port });
    expect(second.chain.port).toBeGreaterThan(first.chain.port);
    expect(second.chain.url).toBe(`http://127.0.0.1:${second.chain.port}`);
  });

  test("does not hold the file when it cannot listen", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    await expect(Dev.start({ file, host: "256.0.0.1" })).rejects.toThrow();
    using dev = await Dev.start({ file });
    expect(dev.chain.lastAccepted.height).toBe(0n);
  });

  test("ends with its listener and its waiting engine", async () => {
    const dev = await Dev.start();
    const { rpc } = dev;
    dev.chain.close();
    const answer = await fetch(rpc, { method: "POST" }).then(
      () => "answered",
      () => "refused",
    );
    expect(answer).toBe("refused");
  });
});

test("a client of it that leaves while it waits frees what it held", async () => {
  const { vm } = startVm();
  await using server = await serve(vm);
  const call = createClient(`${server.url}/ext/bc/timestampvm/rpc`);
  const leaving = new AbortController();
  const left = reasonOf(call("getReceipt", { id: "ab".repeat(32), waitMs: 25_000 }, leaving.signal));
  const waitingCalls = async (count: number) => {
    while (vm.confirmed.waiting !== count) await setTimeout(1);
  };
  await within("the call to wait", waitingCalls(1));
  leaving.abort();
  await left;
  await within("nobody to wait", waitingCalls(0));
});

/** What clients see of a chain, on a port of its own. */
async function serve(vm: Vm, log = new Log(() => {})) {
  const turns = new Turns();
  const { fetch: chain } = startApi(vm, { log, turns });
  const info = { chain: ["timestampvm", genesis.id], version: "1.2.3", protocol: 46 } as const;
  const app = createDevApp({ vm, info, chain, turns, admission: new Admission(log), hosts: [], log });
  const server = await listenNear("127.0.0.1", 0, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    port: portOf(server),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("the node around it", () => {
  test("is healthy, and says what it is", async () => {
    using dev = await Dev.start();
    const response = await fetch(`${dev.chain.url}/ext/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    const body = await response.json();
    expect(body).toMatchObject({
      healthy: true,
      notice,
      checks: { timestampvm: { message: { state: "normal operation" } } },
    });
  });

  test("is not healthy while its clock is behind its blocks", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const ahead = BlockStore.open(file);
    const genesis = parseGenesis(genesisBytes);
    ahead.accept(genesis, digestOf(genesis.data));
    const now = BigInt(Math.floor(Date.now() / 1000));
    const next = childOf(genesis, "from the future", now + 7_200n);
    ahead.accept(next, digestOf(next.data));
    ahead.close();
    using dev = await Dev.start({ file });
    const response = await fetch(`${dev.chain.url}/ext/health`);
    expect(response.status).toBe(503);
    expect((await fetch(`${dev.chain.url}/ext/health/health`)).status).toBe(503);
    expect((await fetch(`${dev.chain.url}/ext/health/liveness`)).status).toBe(200);
    expect(await dev.call("health.health", {}, `${dev.chain.url}/ext/health`)).toMatchObject({ healthy: false });
    expect(await response.json()).toMatchObject({
      healthy: false,
      checks: { timestampvm: { error: expect.any(String) } },
    });
  });

  // The paths and shapes are those of AvalancheGo v1.14.2: node/node.go, initHealthAPI, and api/health.
  test.each([
    ["/ext/health", ["timestampvm"]],
    ["/ext/health/health", ["timestampvm"]],
    ["/ext/health/readiness", ["bootstrapped"]],
    ["/ext/health/liveness", []],
    ["/ext/health/liveness?tag=11111111111111111111111111111111LpoYY&tag=other", []],
    ["/ext/health?tag=other", ["timestampvm"]],
  ])("%s has the checks %j", async (path, names) => {
    using dev = await Dev.start();
    const response = await fetch(dev.chain.url + path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    const { checks, healthy } = (await response.json()) as { checks: Record<string, object>; healthy: boolean };
    expect([Object.keys(checks), healthy]).toEqual([names, true]);
    for (const check of Object.values(checks)) {
      expect(check).toMatchObject({ timestamp: expect.any(String), duration: expect.any(Number) });
    }
  });

  test.each(["health", "readiness", "liveness"])("health.%s is a call, too", async (method) => {
    using dev = await Dev.start();
    const url = `${dev.chain.url}/ext/health`;
    expect(await dev.call(`health.${method}`, { tags: ["any"] }, url)).toMatchObject({ healthy: true });
    expect((await fetch(`${url}/${method}`, { method: "POST" })).status).toBe(200);
  });

  test("says its identity as AvalancheGo does", async () => {
    using dev = await Dev.start();
    const info = (method: string, params?: object) => dev.call(`info.${method}`, params, `${dev.chain.url}/ext/info`);
    const { id } = dev.chain.genesis;
    expect(await info("getNodeVersion")).toMatchObject({
      version: `timestampvm/1.2.3 (${notice})`,
      rpcProtocolVersion: "46",
      vmVersions: { timestampvm: "1.2.3" },
    });
    expect(await info("getNodeID")).toEqual({ nodeID: "NodeID-111111111111111111116DBWJs" });
    expect(await info("getNetworkID")).toEqual({ networkID: "0" });
    expect(await info("getNetworkName")).toEqual({ networkName: "development" });
    expect(await info("getBlockchainID", { alias: "timestampvm" })).toEqual({ blockchainID: String(id) });
    for (const chain of ["timestampvm", id])
      expect(await info("isBootstrapped", { chain })).toEqual({ isBootstrapped: true });
    expect(await info("peers")).toEqual({ numPeers: "0", peers: [] });
    for (const params of [{}, { chain: "X" }, { chain: 1 }]) {
      expect(await info("isBootstrapped", params).catch((error: Error) => error.message)).toContain("chain must be");
    }
  });

  test.each([
    ["localhost", 200],
    ["localhost:9650", 200],
    ["127.0.0.1:1", 200],
    ["192.168.1.4", 200],
    ["[::1]:9650", 200],
    ["evil.example", 403],
    ["localhost.evil.example", 403],
    ["127.0.0.1.evil.example:80", 403],
  ])("called by the name %s answers %i: pages of other sites have names of their own", async (host, status) => {
    using dev = await Dev.start();
    expect((await fetch(`${dev.chain.url}/ext/health`, { headers: { Host: host } })).status).toBe(status);
  });

  test.each([
    [["box.lan", "Other"], "box.lan:9650", 200],
    [["box.lan", "Other"], "BOX.lan", 200],
    [["box.lan", "Other"], "other", 200],
    [["box.lan"], "other.box.lan", 403],
    [["*"], "any.example:80", 200],
  ])("with %j allowed, the name %s answers %i", async (allowedHosts, host, status) => {
    using dev = await Dev.start({ allowedHosts });
    const answer = await fetch(`${dev.chain.url}/ext/health`, { headers: { Host: host } });
    expect(answer.status).toBe(status);
    if (status === 403) expect(await answer.text()).toContain("--allow-host");
  });

  test("leads to the page from where people begin", async () => {
    using dev = await Dev.start();
    for (const path of ["/", "/ext/bc/timestampvm", "/ext/bc/timestampvm/", `/ext/bc/${dev.chain.genesis.id}`]) {
      const { status, headers } = await fetch(dev.chain.url + path, { redirect: "manual" });
      expect([path, status, headers.get("location")]).toEqual([path, 302, "/ext/bc/timestampvm/explorer"]);
    }
    expect((await fetch(dev.chain.url)).headers.get("content-type")).toStartWith("text/html");
  });

  test("takes as many cookies as a node: those of localhost go to all its ports", async () => {
    using dev = await Dev.start();
    const ask = (bytes: number) => fetch(dev.chain.explorer, { headers: { Cookie: "a".repeat(bytes) } });
    expect((await ask(maxHeaderBytes - 1_024)).status).toBe(200);
    expect((await ask(maxHeaderBytes)).status).toBe(431);
  });

  test("lets web pages call it, as a node does", async () => {
    using dev = await Dev.start();
    const origin = { Origin: "https://page.example" };
    const asks = { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type" };
    const preflight = await fetch(dev.rpc, { method: "OPTIONS", headers: { ...origin, ...asks } });
    expect(preflight.ok).toBe(true);
    expect(preflight.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("content-type");
    const answer = await fetch(dev.rpc, { method: "GET", headers: origin });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("knows no other path", async () => {
    using dev = await Dev.start();
    for (const path of ["/ext", "/ext/bc/X/rpc", "/ext/health/other", "/ext/bc/timestampvm/rpcs", "/ext/info"]) {
      expect((await fetch(dev.chain.url + path)).status, path).toBe(404);
    }
  });
});
