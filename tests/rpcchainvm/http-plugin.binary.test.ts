import { describe, expect, test } from "bun:test";
import { nodeHeaders } from "../fake-node/node-http.ts";
import { bytesOf } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import { statusOf } from "../support/status.ts";
import { protocolWithin } from "../support/test-protocol.ts";

const chain = "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S";
const jsonLine = [{ key: "Content-Type", values: ["application/json"] }];
const json = { "Content-Type": "application/json" };
const ping = bytesOf('{"jsonrpc":"2.0","id":1,"method":"ping"}');
const pong = '{"jsonrpc":"2.0","result":{"success":true},"id":1}';
const nodesOwn = Object.fromEntries(nodeHeaders.map(({ key, values }) => [key, values]));
const ours = { "Content-Type": ["application/json"] };

describe("a client of the node's HTTP server", () => {
  test.concurrent("gets JSON-RPC at /rpc, by chain id or alias", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    for (const url of [`${chain}/rpc`, "/ext/bc/stamps/rpc", `${chain}/rpc?x=1`]) {
      const { status, headers, text } = await plugin.ask({ method: "POST", url, headers: json, body: ping });
      expect([status, text]).toEqual([200, pong]);
      expect(headers).toMatchObject(ours);
    }
  });

  test.concurrent.each([
    [protocolWithin(16, 39), "with the node's own headers, which the node keeps", { ...nodesOwn, ...ours }],
    [protocolWithin(40, 41), "without the node's own headers, which the node takes away", ours],
    [protocolWithin(42), "with the node's own headers, which we give back", { ...nodesOwn, ...ours }],
  ])("protocol %d: gets an answer %s", async (protocol, _which, expected) => {
    await using node = await FakeNode.start({ protocol });
    const plugin = await node.startPlugin();
    await plugin.start();
    const request = { method: "POST", url: `${chain}/rpc`, headers: json, body: ping };
    expect(await plugin.ask(request)).toEqual({ status: 200, headers: expected, text: pong });
  });

  test.concurrent("that sends Upgrade (curl --http2) gets the same, through the node's writer", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const headers = { ...json, Connection: "Upgrade", Upgrade: "h2c" };
    expect(await plugin.ask({ method: "POST", url: `${chain}/rpc`, headers, body: ping })).toEqual({
      status: 200,
      headers: { ...nodesOwn, ...ours },
      text: pong,
    });
  });

  test.concurrent("of HTTP/2 gets the same, from protocol 42 on at any path with the route in a header", async () => {
    await using node = await FakeNode.start({ protocol: protocolWithin(42) });
    const plugin = await node.startPlugin();
    await plugin.start();
    const request = { method: "POST", url: "/rpc", headers: json, body: ping, version: 2 } as const;
    expect(await plugin.ask(request, await plugin.vm.newHTTPHandler({}))).toEqual({
      status: 200,
      headers: { ...nodesOwn, ...ours },
      text: pong,
    });
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
    expect(await plugin.http.handleSimple({ url: `${chain}/rpc`, requestHeaders: jsonLine, ...fields })).toMatchObject({
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
