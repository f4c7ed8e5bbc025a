import { describe, expect, test } from "bun:test";
import { createStaticApp, maxSmallBodyBytes } from "../../src/api/app.ts";
import { Turns } from "../../src/api/turns.ts";
import { Log } from "../../src/log.ts";
import { senderOf } from "../support/caller.ts";

const app = createStaticApp(new Log(() => {}), new Turns());

function request(path: string, init?: RequestInit): Promise<Response> {
  return Promise.resolve(app(new Request(`http://chain${path}`, init), senderOf()));
}

function post(path: string, method: string): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

describe("without a chain", () => {
  // As timestampvm-rs answers at /ext/vm/<VM>/static.
  test.each(["ping", "timestampvm.ping"])("%s is answered at /static", async (method) => {
    expect(await (await post("/static", method)).text()).toBe('{"jsonrpc":"2.0","result":{"success":true},"id":1}');
  });

  test.each(["lastAccepted", "proposeBlock", "getBlock"])("%s is not there", async (method) => {
    expect(await (await post("/static", method)).json()).toMatchObject({ error: { code: -32601 } });
  });

  test("everything else has to wait for a chain", async () => {
    for (const path of ["/rpc", "/", "/static/more"]) {
      const response = await post(path, "ping");
      expect([response.status, await response.text()]).toEqual([503, "the chain is not initialized\n"]);
    }
  });

  test("what is no JSON-RPC call is refused as it is by a chain", async () => {
    expect((await request("/static")).status).toBe(405);
    expect((await request("/static", { method: "POST", body: "{}" })).status).toBe(415);
  });

  test("a body is small: a ping carries no data", async () => {
    const body = " ".repeat(maxSmallBodyBytes + 1);
    const headers = { "Content-Type": "application/json" };
    expect((await request("/static", { method: "POST", headers, body })).status).toBe(413);
    const fits = await request("/static", { method: "POST", headers, body: body.slice(1) });
    expect(fits.status).toBe(200); // and is no JSON
  });
});
