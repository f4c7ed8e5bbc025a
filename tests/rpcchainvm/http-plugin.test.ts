import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { bytesOf } from "../support/chain.ts";
import { FakeExchange } from "../support/fake-exchange.ts";
import { FakeNode } from "../support/fake-node.ts";
import { statusOf } from "../support/status.ts";

setDefaultTimeout(60_000);

const chain = "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S";
const json = [{ key: "Content-Type", values: ["application/json"] }];
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const pong = '{"jsonrpc":"2.0","result":{"success":true},"id":1}';

describe("a client of the node's HTTP server", () => {
  test.concurrent("gets JSON-RPC at /rpc, by chain id or alias, with the node's own headers", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    for (const url of [`${chain}/rpc`, "/ext/bc/stamps/rpc", `${chain}/rpc?x=1`]) {
      const { code, headers, body } = await plugin.http.handleSimple({
        method: "POST",
        url,
        requestHeaders: json,
        body: bytesOf(ping),
        responseHeaders: [{ key: "Access-Control-Allow-Origin", values: ["*"] }],
      });
      expect([code, new TextDecoder().decode(body)]).toEqual([200, pong]);
      expect(headers.map(({ key, values }) => [key, ...values]).sort()).toEqual([
        ["Access-Control-Allow-Origin", "*"],
        ["Content-Type", "application/json"],
      ]);
    }
  });

  test.concurrent("that sends Upgrade (curl --http2) gets the same answer, through the node's writer", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await using exchange = await FakeExchange.listen(bytesOf(ping));
    await plugin.http.handle({
      responseWriter: { serverAddr: exchange.address },
      request: {
        method: "POST",
        requestUri: `${chain}/rpc`,
        header: [...json, { key: "Connection", values: ["Upgrade"] }, { key: "Upgrade", values: ["h2c"] }],
      },
    });
    expect([exchange.status, exchange.text]).toEqual([200, pong]);
    expect(exchange.headers).toMatchObject(json);
  });

  test.concurrent.each([
    ["413 for a body above 4 MiB", { method: "POST", body: new Uint8Array(4 * 1024 * 1024 + 1) }, 413],
    ["413 for one above 8 MiB, unread", { method: "POST", body: new Uint8Array(16 * 1024 * 1024) }, 413],
    ["405 for GET", { method: "GET" }, 405],
    [
      "415 for another type",
      { method: "POST", requestHeaders: [{ key: "Content-Type", values: ["text/plain"] }] },
      415,
    ],
    ["404 elsewhere", { method: "POST", url: `${chain}/other` }, 404],
  ])("gets %s", async (_name, fields, code) => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    expect(await plugin.http.handleSimple({ url: `${chain}/rpc`, requestHeaders: json, ...fields })).toMatchObject({
      code,
    });
    expect(await plugin.call("ping")).toEqual({ success: true });
  });
});

describe("a client's proposal", () => {
  test.concurrent("may be one of 300 that propose at once: each proposal is in exactly one block", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const texts = Array.from({ length: 300 }, (_, i) => `proposal ${i}`);
    await Promise.all(texts.map((text) => plugin.propose(text)));
    const stamped: string[] = [];
    for (let i = 0; i < texts.length; i++) {
      const { id, bytes } = await plugin.vm.buildBlock({});
      await plugin.vm.blockVerify({ bytes });
      await plugin.vm.setPreference({ id });
      await plugin.vm.blockAccept({ id });
      const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { data: string };
      stamped.push(Buffer.from(data.slice(2), "hex").toString());
    }
    expect(stamped.sort()).toEqual(texts.sort());
    expect(await statusOf(plugin.vm.buildBlock({}))).toBe("FailedPrecondition");
  });
});
