import { describe, expect, test } from "bun:test";
import { maxBodyBytes, maxUrlLength } from "../../src/api/app.ts";
import { explorerPath, rpcPath } from "../../src/api/paths.ts";
import { RpcClient } from "./rpc.ts";

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const pong = '{"jsonrpc":"2.0","result":{"success":true},"id":1}';

test("there is something at each of its paths, and nothing at others", async () => {
  const rpc = new RpcClient();
  const statusOf = async (path: string) => (await rpc.request(path)).status;
  expect([rpcPath, explorerPath]).toEqual(["/rpc", "/explorer"]);
  expect(await Promise.all([rpcPath, explorerPath].map(statusOf))).toEqual([405, 200]);
  expect(await Promise.all(["/", "/rpc/", "/explorer/", "/static"].map(statusOf))).toEqual([404, 404, 404, 404]);
});

describe("an answer", () => {
  test("is 200 and application/json, whether result or error", async () => {
    const rpc = new RpcClient();
    for (const body of [ping, "{", "[]", '{"jsonrpc":"2.0","id":1,"method":"nope"}']) {
      const response = await rpc.post(body);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
    }
  });

  test("is 204 without a body when there is nothing to say", async () => {
    const response = await new RpcClient().post('{"jsonrpc":"2.0","method":"ping"}');
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  test("never reflects a request in its headers", async () => {
    const response = await new RpcClient().request("/rpc?x=%0d%0aSet-Cookie:a", {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: "https://evil.example" },
      body: ping,
    });
    expect([...response.headers.keys()]).toEqual(["content-type"]);
  });
});

describe("the content type", () => {
  test.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=utf-8",
    " application/json ",
    'application/json; charset="UTF-8"',
    "application/json; charset=utf8; version=2",
    "application/json;charset=US-ASCII",
    "application/json-rpc",
    "application/jsonrequest",
  ])("%p is taken", async (type) => {
    const init = { method: "POST", headers: { "Content-Type": type }, body: ping };
    expect(await (await new RpcClient().request("/rpc", init)).text()).toBe(pong);
  });

  test.each([
    "text/plain",
    "text/plain;application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json, text/plain",
    "json",
    "",
  ])("%p is refused with 415: a web page could send it without being asked", async (type) => {
    const rpc = new RpcClient();
    const body = '{"jsonrpc":"2.0","id":1,"method":"proposeBlock","params":[{"data":"YQ=="}]}';
    const response = await rpc.request("/rpc", { method: "POST", headers: { "Content-Type": type }, body });
    expect([response.status, await response.text()]).toEqual([415, "send Content-Type: application/json\n"]);
    expect(rpc.vm.status().mempool.items).toBe(0);
  });

  test.each([
    ["application/json; charset=utf-16", "utf-16"],
    ["application/json; charset=utf-16le", "utf-16le"],
    ['application/json; charset="ISO-8859-1"', "iso-8859-1"],
    ["application/json;charset=utf-8;charset=utf-7", "utf-7"],
    ["application/json; charset=", ""],
  ])("%p is refused with 415, which names the charset", async (type, charset) => {
    const init = { method: "POST", headers: { "Content-Type": type }, body: ping };
    const response = await new RpcClient().request("/rpc", init);
    expect([response.status, await response.text()]).toEqual([415, `charset "${charset}" is not taken: send UTF-8\n`]);
  });

  test("that is missing is refused with 415", async () => {
    const body = new TextEncoder().encode(ping);
    expect((await new RpcClient().request("/rpc", { method: "POST", body })).status).toBe(415);
  });
});

describe("the content coding", () => {
  const sendCoded = (coding: string, body: string | Uint8Array<ArrayBuffer>) => {
    const headers = { "Content-Type": "application/json", "Content-Encoding": coding };
    return new RpcClient().request("/rpc", { method: "POST", headers, body });
  };

  test.each(["identity", "Identity", "", "identity, identity"])("%p is taken: the body is as it is", async (coding) => {
    expect(await (await sendCoded(coding, ping)).text()).toBe(pong);
  });

  test.each([
    ["gzip", "gzip", Bun.gzipSync(ping)],
    ["deflate", "deflate", Bun.deflateSync(ping)],
    ["BR", "br", ping],
    ["zstd", "zstd", ping],
    ["identity, gzip", "gzip", ping],
    ["x".repeat(1_000), "x".repeat(40), ping],
  ])("%p is refused with 415 by its name, whatever the body is", async (coding, named, body) => {
    const response = await sendCoded(coding, body);
    expect([response.status, await response.text()]).toEqual([
      415,
      `Content-Encoding "${named}" is not taken: send the body as it is\n`,
    ]);
    expect(response.headers.get("accept-encoding")).toBe("identity"); // RFC 9110, 12.5.3
  });
});

describe("the method and the path", () => {
  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s /rpc is 405 and names POST", async (method) => {
    const response = await new RpcClient().request("/rpc", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test.each(["/", "/rpc/", "/RPC", "/rpc2", "//rpc", "/other", "/__proto__", "/rpc/%2e%2e"])(
    "%s is 404",
    async (path) => {
      const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: ping };
      expect((await new RpcClient().request(`http://host${path}`, init)).status).toBe(404);
    },
  );

  test("a query is ignored", async () => {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: ping };
    expect(await (await new RpcClient().request("/rpc?method=x", init)).text()).toBe(pong);
  });
});

describe("the body", () => {
  const padded = (bytes: number) => ping + " ".repeat(bytes - ping.length);

  test("of the limit is taken, of one byte more refused with 413", async () => {
    const rpc = new RpcClient();
    expect(await (await rpc.post(padded(maxBodyBytes))).text()).toBe(pong);
    const refused = await rpc.post(padded(maxBodyBytes + 1));
    expect([refused.status, await refused.text()]).toEqual([413, `a request has at most ${maxBodyBytes} bytes\n`]);
  });

  test("that is empty is a parse error", async () => {
    expect(await new RpcClient().answer("")).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}',
    );
  });

  test("that is no UTF-8 is a parse error: nothing of it is replaced", async () => {
    const rpc = new RpcClient();
    const latin1 = Buffer.from('{"jsonrpc":"2.0","id":"größe","method":"ping"}', "latin1");
    const utf16 = Buffer.from(ping, "utf16le");
    const surrogate = Buffer.from(ping.replace("1", '"\xed\xa0\x80"'), "latin1");
    const others = [Uint8Array.of(0xff, 0xfe), new Uint8Array(1_000), Uint8Array.of(0xef, 0xbb, 0xbf)];
    for (const bytes of [latin1, utf16, surrogate, ...others]) {
      expect(await (await rpc.post(new Uint8Array(bytes))).json()).toMatchObject({ error: { code: -32700 } });
    }
  });

  test("may begin with a byte order mark (RFC 8259, 8.1)", async () => {
    expect(await (await new RpcClient().post(`\u{feff}${ping}`)).text()).toBe(pong);
  });
});

test("a URL has a limit: all of it is read before anything is known of it", async () => {
  const rpc = new RpcClient();
  const pathOf = (length: number) => `/explorer?q=${"a".repeat(length - "http://chain/explorer?q=".length)}`;
  expect((await rpc.request(pathOf(maxUrlLength))).status).toBe(400); // no digest, nor anything else
  expect((await rpc.request(pathOf(maxUrlLength + 1))).status).toBe(414);
});
