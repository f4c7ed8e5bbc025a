import { describe, expect, test } from "bun:test";
import { createStaticApp } from "../../src/api/app.ts";
import { Log } from "../../src/log.ts";

const app = createStaticApp(new Log(() => {}));

function post(path: string, method: string): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
  return Promise.resolve(app.request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body }));
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
    expect((await app.request("/static")).status).toBe(405);
    expect((await app.request("/static", { method: "POST", body: "{}" })).status).toBe(415);
  });
});
