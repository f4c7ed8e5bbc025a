import { describe, expect, test } from "bun:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { type HandleSimpleHTTPRequestSchema, HTTP } from "../../gen/http/http_pb.ts";
import { Admission, maxAnswerBytes } from "../../src/api/admission.ts";
import { Log } from "../../src/log.ts";
import { GrpcServer } from "../../src/rpcchainvm/grpc/server.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import type { HttpHandler } from "../../src/rpcchainvm/services/http-handler.ts";
import { createHttpService, httpOptions, maxHttpRequestBytes } from "../../src/rpcchainvm/services/http-service.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeExchange } from "../fake-node/fake-exchange.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { newestProtocol } from "../fake-node/protocols.ts";
import { servicesOf } from "../fake-node/services.ts";
import { bytesOf } from "../support/chain.ts";
import { until } from "../support/promise.ts";
import { errorOf } from "../support/status.ts";
import { protocolWithin, testProtocol } from "../support/test-protocol.ts";

const chainPath = "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S";
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Runs `work` with a node's client of our http.HTTP, which hands requests to `handle`. */
async function withService(
  handle: HttpHandler["fetch"],
  work: (http: Client<typeof HTTP>) => Promise<void>,
  protocol = testProtocol,
  admission = new Admission(new Log(() => {})),
  answerSimple: HttpHandler["answerSimple"] = undefined,
  paths: HttpHandler["paths"] = ["/rpc"],
): Promise<void> {
  const server = new GrpcServer(new Log(() => {}));
  server.add(
    HTTP,
    createHttpService(() => ({ paths, fetch: handle, ...(answerSimple && { answerSimple }) }), protocolOf(protocol)),
    httpOptions(admission),
  );
  using channel = new GrpcChannel(await server.listen());
  try {
    await work(channel.client(servicesOf(protocol).http));
  } finally {
    server.close();
  }
}

/** What the handler of these paths sees of a request. */
async function see(
  fields: MessageInitShape<typeof HandleSimpleHTTPRequestSchema>,
  paths: readonly string[] = ["/rpc"],
): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> = {};
  const handle = async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    seen = { method: request.method, path: pathname + search, headers, body: await request.text() };
    return new Response();
  };
  const work = async (http: Client<typeof HTTP>) => {
    await http.handleSimple(fields);
  };
  await withService(handle, work, testProtocol, undefined, undefined, paths);
  return seen;
}

describe("HandleSimple: the request", () => {
  test("comes with its method, headers and body, and the path behind the chain", async () => {
    const seen = await see({
      method: "PUT",
      url: `${chainPath}/rpc?x=1&y=%20`,
      requestHeaders: [
        { key: "Content-Type", values: ["application/json"] },
        { key: "X-Many", values: ["a", "b"] },
      ],
      body: bytesOf("größe"),
    });
    expect(seen).toMatchObject({ method: "PUT", path: "/rpc?x=1&y=%20", body: "größe" });
    expect(seen.headers).toMatchObject({ "content-type": "application/json", "x-many": "a, b" });
  });

  test.each([
    [`${chainPath}/rpc`, "/rpc"],
    [`${chainPath}/explorer`, "/explorer"],
    [`${chainPath}/explorer?q=/rpc`, "/explorer?q=/rpc"],
    ["/ext/bc/my-alias/rpc", "/rpc"],
    // An alias of a chain with a slash, and aliases of an endpoint (admin.aliasChain, admin.alias).
    ["/ext/bc/ts/main/rpc", "/rpc"],
    ["/ext/bc/ts/main/explorer?block=1", "/explorer?block=1"],
    ["/ext/stamps/rpc", "/rpc"],
    ["/ext/a/b/c/explorer", "/explorer"],
    ["/ext/bc/rpc/explorer", "/explorer"],
    ["/ext/bc/explorer/rpc", "/rpc"],
    [`${chainPath}/ext/bc/x/rpc`, "/rpc"],
    ["/ext/vm/tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc/static", "/static"],
    ["/ext/my/vm/static", "/static"],
    // By a header, with any path.
    ["/rpc", "/rpc"],
    ["/stamps/rpc", "/rpc"],
    ["//evil.example/rpc", "/rpc"],
    ["/other", "/other"],
    ["", "/"],
    ["rpc", "/rpc"],
    ["/xrpc", "/xrpc"],
    ["/rpc/", "/rpc/"],
    ["/rpc?x=1", "/rpc?x=1"],
    [`${chainPath}/../rpc`, "/rpc"],
  ])("url %p is path %p", async (url, path) => {
    expect(await see({ method: "GET", url }, ["/rpc", "/explorer", "/static"])).toMatchObject({ path });
  });

  test.each([
    [chainPath, "/"],
    ["/ext/bc/ts/main", "/"],
    ["/ext/stamps?x=1", "/?x=1"],
    ["/ext/stamps/ws", "/ws"],
    ["/ext/stamps/v2/ws", "/v2/ws"],
    ["/anything", "/anything"],
  ])("of a VM with the paths '', /ws and /v2/ws, url %p is path %p", async (url, path) => {
    expect(await see({ method: "GET", url }, ["", "/ws", "/v2/ws"])).toMatchObject({ path });
  });

  test("a body of GET or HEAD is dropped: Fetch has none there", async () => {
    for (const method of ["GET", "HEAD"]) {
      expect(await see({ method, url: "/rpc", body: bytesOf("body") })).toMatchObject({ method, body: "" });
    }
  });

  test.each([
    ["a header name that is none", { method: "GET", url: "/rpc", requestHeaders: [{ key: "a b", values: ["x"] }] }],
    ["a header value of two lines", { method: "GET", url: "/rpc", requestHeaders: [{ key: "a", values: ["x\r\ny"] }] }],
  ])("400 for %s, unseen by the handler", async (_name, fields) => {
    const handle = () => {
      throw new Error("the handler must not be called");
    };
    await withService(handle, async (http) => {
      const { code, body } = await http.handleSimple(fields);
      expect([code, textOf(body)]).toEqual([400, "malformed HTTP request\n"]);
    });
  });

  test("a method that Fetch does not know never becomes POST", async () => {
    for (const method of ["P O S T", "", "FOO", "pOsT", "POST\r\n"]) {
      expect((await see({ method, url: "/rpc", body: bytesOf("x") })).method).not.toBe("POST");
    }
  });

  test("413 above the limit, with the limit in words; the largest one below passes", async () => {
    const handle = async (request: Request) => new Response(String((await request.arrayBuffer()).byteLength));
    await withService(handle, async (http) => {
      const room = maxHttpRequestBytes - 100;
      const fits = await http.handleSimple({ method: "POST", url: "/rpc", body: new Uint8Array(room) });
      expect([fits.code, textOf(fits.body)]).toEqual([200, String(room)]);
      const large = { method: "POST", url: "/rpc", body: new Uint8Array(maxHttpRequestBytes) };
      const { code, headers, body } = await http.handleSimple(large);
      expect([code, textOf(body)]).toEqual([
        413,
        "a request has at most 8388608 bytes, 131072 of them beside its body\n",
      ]);
      expect(headers).toMatchObject([{ key: "Content-Type", values: ["text/plain"] }]);
    });
  });
});

const upgrade = {
  url: { path: "/never/looked/at" },
  proto: "HTTP/1.1",
  protoMajor: 1,
  protoMinor: 1,
  header: [{ key: "Upgrade", values: ["h2c"] }],
  requestUri: `${chainPath}/rpc?x=1`,
};
const get = { ...upgrade, method: "GET" };
const post = { ...upgrade, method: "POST" };

describe("at the door", () => {
  const unread = () => {
    throw new Error("the handler must not be called");
  };
  const busy = [503, "too many requests, try again later\n", "1"];
  const seen = (code: number, headers: readonly { key: string; values: string[] }[], body: Uint8Array) => [
    code,
    textOf(body),
    headers.find(({ key }) => key === "Retry-After")?.values.join(),
  ];
  const full = () => {
    const admission = new Admission(new Log(() => {}), { maxRequests: 10, maxRequestBytes: 100_000 });
    return admission;
  };

  test("503, with the time to try again, for a request for which there is no room, unread", async () => {
    const work = async (http: Client<typeof HTTP>) => {
      const { code, headers, body } = await http.handleSimple({
        method: "POST",
        url: "/rpc",
        body: new Uint8Array(100_000),
      });
      expect(seen(code, headers, body)).toEqual(busy);
    };
    await withService(unread, work, testProtocol, full());
  });

  test("503 for one that is more than its caller's share, and none of the node's other requests is touched", async () => {
    const admission = full();
    const held = Array.from({ length: 5 }, () => admission.admit(0));
    for (const room of held) expect(room?.takeFor("connection 1")).toBe(true);
    const work = async (http: Client<typeof HTTP>) => {
      const { code, headers, body } = await http.handleSimple({ method: "GET", url: "/rpc" });
      expect(seen(code, headers, body)).toEqual(busy);
      for (const room of held) room?.free();
      expect((await http.handleSimple({ method: "GET", url: "/rpc" })).code).toBe(200);
    };
    await withService(() => new Response(), work, testProtocol, admission);
    expect(admission.refused).toMatchObject({ caller: 1 });
  });

  test("503 for a request of Handle whose body finds no room while it is read", async () => {
    const protocol = protocolWithin(40);
    await using exchange = await FakeExchange.listen(new Uint8Array(200_000), { protocol });
    const work = async (http: Client<typeof HTTP>) => {
      await http.handle(exchange.request(post));
    };
    await withService(unread, work, protocol, full());
    expect([exchange.status, exchange.text]).toEqual([503, "too many requests, try again later\n"]);
  });

  test("503 for an answer that finds no room, since others are not fetched", async () => {
    const admission = full();
    admission.admit(0)?.holdAnswer(maxAnswerBytes);
    const work = async (http: Client<typeof HTTP>) => {
      const { code, headers, body } = await http.handleSimple({ method: "GET", url: "/rpc" });
      expect(seen(code, headers, body)).toEqual(busy);
    };
    await withService(() => new Response("x".repeat(100_000)), work, testProtocol, admission);
  });

  test("what a request held is free when it is answered, or its caller is gone", async () => {
    const admission = full();
    const work = async (http: Client<typeof HTTP>) => {
      for (let i = 0; i < 50; i++) await http.handleSimple({ method: "POST", url: "/", body: new Uint8Array(9_000) });
      const leaving = new AbortController();
      const left = errorOf(http.handleSimple({ method: "GET", url: "/wait" }, { signal: leaving.signal }));
      await within(
        "one that waits",
        until(() => admission.requests === 1),
      );
      leaving.abort();
      await left;
      await within(
        "room",
        until(() => admission.requests === 0),
      );
    };
    const handle = ({ url, signal }: Request) =>
      url.endsWith("/wait")
        ? new Promise<Response>((resolve) => signal.addEventListener("abort", () => resolve(new Response())))
        : new Response();
    await withService(handle, work, testProtocol, admission);
    expect(admission.refused).toEqual({ requests: 0, bytes: 0, caller: 0, answers: 0 });
  });
});

describe("HandleSimple: the answer", () => {
  test("has the status, the body, and names as Go writes them", async () => {
    const headers = { "content-type": "application/json", "x-own-header": "1", allow: "POST" };
    await withService(
      () => new Response("{}", { status: 405, headers }),
      async (http) => {
        const answer = await http.handleSimple({ method: "GET", url: "/rpc" });
        expect([answer.code, textOf(answer.body)]).toEqual([405, "{}"]);
        expect(answer.headers.map(({ key, values }) => [key, ...values]).sort()).toEqual([
          ["Allow", "POST"],
          ["Content-Type", "application/json"],
          ["X-Own-Header", "1"],
        ]);
      },
    );
  });

  test("gives the node its own headers back, from protocol 42 on: ours replace them, but lists are joined", async () => {
    const responseHeaders = [
      { key: "Node-Id", values: ["NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg"] },
      { key: "Vary", values: ["Origin"] },
      { key: "Access-Control-Allow-Origin", values: ["*"] },
      { key: "Access-Control-Expose-Headers", values: ["Node-Id"] },
      { key: "Allow", values: ["GET, POST"] },
      { key: "Content-Type", values: ["text/html"] },
      { key: "Set-Cookie", values: ["a=1"] },
    ];
    const headers: [string, string][] = [
      ["Content-Type", "application/json"],
      ["Allow", "POST"],
      ["Vary", "Accept-Encoding"],
      ["Access-Control-Expose-Headers", "X-Own"],
      ["Set-Cookie", "b=2"],
      ["X-Own", "1"],
    ];
    await withService(
      () => new Response("{}", { headers }),
      async (http) => {
        const answer = await http.handleSimple({ method: "GET", url: "/rpc", responseHeaders });
        expect(answer.headers.map(({ key, values }) => [key, ...values]).sort()).toEqual([
          ["Access-Control-Allow-Origin", "*"],
          ["Access-Control-Expose-Headers", "Node-Id", "X-Own"],
          ["Allow", "POST"],
          ["Content-Type", "application/json"],
          ["Node-Id", "NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg"],
          ["Set-Cookie", "a=1", "b=2"],
          ["Vary", "Origin", "Accept-Encoding"],
          ["X-Own", "1"],
        ]);
      },
      protocolWithin(42),
    );
  });

  test("has no body with 204", async () => {
    await withService(
      () => new Response(null, { status: 204 }),
      async (http) => {
        expect(await http.handleSimple({ method: "POST", url: "/rpc" })).toMatchObject({
          code: 204,
          headers: [],
          body: new Uint8Array(),
        });
      },
    );
  });

  test("a handler that throws is an error of this call alone", async () => {
    const handle = ({ method }: Request) => {
      if (method === "POST") throw new TypeError("bug");
      return new Response("fine");
    };
    await withService(handle, async (http) => {
      expect((await errorOf(http.handleSimple({ method: "POST", url: "/" }))).rawMessage).toContain("bug");
      expect(textOf((await http.handleSimple({ method: "GET", url: "/" })).body)).toBe("fine");
    });
  });
});

const echo = async (request: Request) => {
  const { pathname, search } = new URL(request.url);
  const upgrade = request.headers.get("upgrade");
  const { byteLength } = await request.arrayBuffer();
  return new Response(JSON.stringify({ method: request.method, path: pathname + search, upgrade, byteLength }));
};

describe("Handle", () => {
  test.each([
    [39, "inside the request", 0],
    [40, "from the node, to its end", 5], // four parts and the end
    [41, "from the node, to its end", 5],
    [42, "from the node, to its end", 5],
    [newestProtocol, "from the node, to its end", 5],
  ])("protocol %d: the body is read %s; the answer is written to the node", async (protocol, _where, reads) => {
    await using exchange = await FakeExchange.listen(new Uint8Array(1_000_001), {
      protocol,
      headers: [{ key: "Vary", values: ["Origin"] }],
    });
    await withService(
      echo,
      async (http) => {
        await http.handle(exchange.request(post));
      },
      protocol,
    );
    expect(exchange.status).toBe(200);
    expect(JSON.parse(exchange.text)).toEqual({
      method: "POST",
      path: "/rpc?x=1",
      upgrade: "h2c",
      byteLength: 1_000_001,
    });
    expect(exchange.headers.map(({ key }) => key)).toContain("Vary");
    expect(exchange.reads).toBe(reads);
  });

  test("a request without a body", async () => {
    await using exchange = await FakeExchange.listen(new Uint8Array(), { protocol: testProtocol });
    await withService(echo, async (http) => {
      await http.handle(exchange.request(get));
    });
    expect(JSON.parse(exchange.text)).toMatchObject({ method: "GET", byteLength: 0 });
  });

  test("goes to fetch alone: the short cut is for HandleSimple", async () => {
    await using exchange = await FakeExchange.listen(bytesOf("{}"), { protocol: testProtocol });
    const answerSimple = () => ({ code: 500, headers: [], body: bytesOf("short cut") });
    await withService(
      echo,
      async (http) => {
        await http.handle(exchange.request(post));
        const { body } = await http.handleSimple({ method: "POST", url: "/rpc" });
        expect(textOf(body)).toBe("short cut");
      },
      testProtocol,
      undefined,
      answerSimple,
    );
    expect(JSON.parse(exchange.text)).toMatchObject({ method: "POST", byteLength: 2 });
  });

  test("413 for a body above the limit, which is not read to its end", async () => {
    const protocol = protocolWithin(40);
    await using exchange = await FakeExchange.listen(new Uint8Array(4 * maxHttpRequestBytes), { protocol });
    await withService(
      echo,
      async (http) => {
        await http.handle(exchange.request(post));
      },
      protocol,
    );
    expect(exchange.status).toBe(413);
    expect(exchange.text).toContain("at most 8388608 bytes");
    expect(exchange.reads).toBeLessThan(2 * (maxHttpRequestBytes / 300_000));
  });

  test("a body above the limit that came with the request is an error in words, as the client sees it", async () => {
    const protocol = protocolWithin(16, 39);
    await using exchange = await FakeExchange.listen(new Uint8Array(maxHttpRequestBytes), { protocol });
    const work = async (http: Client<typeof HTTP>) => {
      const { rawMessage } = await errorOf(http.handle(exchange.request(post)));
      expect(rawMessage).toBe("a request has at most 8388608 bytes");
    };
    await withService(echo, work, protocol);
  });

  test.each([protocolWithin(40, 41), protocolWithin(42)])(
    "protocol %d: a client that goes away while its body is read is an error of this call alone",
    async (protocol) => {
      await using broken = await FakeExchange.listen(new Uint8Array(10), { protocol, failure: "client disconnected" });
      await using exchange = await FakeExchange.listen(new Uint8Array(), { protocol });
      await withService(
        echo,
        async (http) => {
          const error = await errorOf(http.handle(broken.request(post)));
          expect(error.rawMessage).toContain("client disconnected");
          await http.handle(exchange.request(get));
        },
        protocol,
      );
      expect(exchange.status).toBe(200);
    },
  );

  test("a node that is gone, and a message without its parts: no harm", async () => {
    await using exchange = await FakeExchange.listen(new Uint8Array(), { protocol: testProtocol });
    await withService(echo, async (http) => {
      await errorOf(http.handle({ request: get, responseWriter: { serverAddr: "127.0.0.1:1" } }));
      await errorOf(http.handle({ request: get, responseWriter: { serverAddr: "no address" } }));
      await http.handle({});
      await http.handle(exchange.request(get));
    });
    expect(exchange.status).toBe(200);
  });
});
