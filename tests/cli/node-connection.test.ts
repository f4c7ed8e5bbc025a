import { describe, expect, test } from "bun:test";
import { readChainUrl } from "../../src/cli/node/chain-url.ts";
import type { Clock } from "../../src/client/waiting.ts";
import {
  apiBlock,
  closedPort,
  FakeServer,
  RpcFailure,
  run,
  StandingClock,
  sha256Twice,
  TestChain,
} from "./node-support.ts";

const commands = ["status", "block", "blocks", "stamp --text x", "find --text x", "proof --text x"].map((words) =>
  words.split(" "),
);
const nowhere = `http://127.0.0.1:${closedPort()}/ext/bc/timestampvm/rpc`;

describe("the URL of a chain", () => {
  test.each([
    ["http://h:1/ext/bc/c/rpc", "http://h:1/ext/bc/c/rpc"],
    ["http://h:1/ext/bc/c/rpc/", "http://h:1/ext/bc/c/rpc"],
    ["http://h:1/ext/bc/c", "http://h:1/ext/bc/c/rpc"],
    ["http://h:1/ext/bc/c/", "http://h:1/ext/bc/c/rpc"],
    ["https://h/gateway/c?key=1", "https://h/gateway/c/rpc?key=1"],
    ["http://h:1", "http://h:1/ext/bc/timestampvm/rpc"],
    ["http://h:1/", "http://h:1/ext/bc/timestampvm/rpc"],
    ["h:1", "http://h:1/ext/bc/timestampvm/rpc"],
    ["127.0.0.1:9650/ext/bc/c", "http://127.0.0.1:9650/ext/bc/c/rpc"],
    ["[::1]:9650", "http://[::1]:9650/ext/bc/timestampvm/rpc"],
    ["HTTP://H", "http://h/ext/bc/timestampvm/rpc"],
    ["9651", "http://127.0.0.1:9651/ext/bc/timestampvm/rpc"],
    [":9651", "http://127.0.0.1:9651/ext/bc/timestampvm/rpc"],
    ["9651/ext/bc/c", "http://127.0.0.1:9651/ext/bc/c/rpc"],
    ["127.0.0.1", "http://127.0.0.1:9650/ext/bc/timestampvm/rpc"],
    ["localhost", "http://localhost:9650/ext/bc/timestampvm/rpc"],
    ["::1", "http://[::1]:9650/ext/bc/timestampvm/rpc"],
    ["::1:39651", "http://[::1]:39651/ext/bc/timestampvm/rpc"],
    ["http://::1:39651/ext/bc/c", "http://[::1]:39651/ext/bc/c/rpc"],
    ["bob:secret@h:1", "http://bob:secret@h:1/ext/bc/timestampvm/rpc"],
    ["http://h:1/ext/bc/c/explorer", "http://h:1/ext/bc/c/rpc"],
    ["http://h:1/ext/bc/c/explorer/?q=12#content", "http://h:1/ext/bc/c/rpc"],
    ["https://h/c/explorer?key=1&block=x&from=2", "https://h/c/rpc?key=1"],
  ])("%s is %s", (text, url) => {
    expect(readChainUrl(text)).toMatchObject({ url });
  });

  test.each([
    ["9651", true],
    ["http://h:1", true],
    ["http://h:1/", true],
    ["http://h:1/?key=1", true],
    ["http://h:1/ext/bc/timestampvm", false],
    ["9651/rpc", false],
    ["https://h/gateway", false],
  ])("%s: it names only a node, %p", (text, isNode) => {
    expect(readChainUrl(text)).toMatchObject({ isNode });
  });

  test.each([
    ["", "not an HTTP URL"],
    ["http://", "not an HTTP URL"],
    ["ftp://h", "not an HTTP URL"],
    ["file:///etc/passwd", "not an HTTP URL"],
    ["a b", "not HOST:PORT"],
    ["h:99999", "not HOST:PORT: a port is at most 65535"],
    ["h/ext/bc/c", "not HOST:PORT: h has no port"],
    ["0", "no server has port 0"],
    ["http://127.1:9650", "not HOST:PORT: 127.1:9650 is no IPv4 address of four numbers"],
    ...["ann:secret#1", "ann:12345#6", "tok?en", "tok/en", "tok\\en"].flatMap((user) =>
      ["http://", ""].map((scheme): [string, string] => [
        `${scheme}${user}@127.0.0.1:19750/`,
        "in a password, write # ? / \\ @ as %23 %3F %2F %5C %40",
      ]),
    ),
  ])("%j is none", (text, problem) => {
    expect(readChainUrl(text)).toEqual({ problem });
  });

  test("comes from --url, else from TIMESTAMPVM_URL, else it is that of a development chain", async () => {
    using chain = await TestChain.start();
    const status = async (args: readonly string[], environment: Record<string, string>) => {
      const { out, err } = await run(["status", ...args], { environment });
      return /http:\S+\/rpc/.exec(`${out}${err}`)?.[0];
    };
    expect(await status(["--url", chain.url], { TIMESTAMPVM_URL: nowhere })).toBe(chain.rpc);
    expect(await status([], { TIMESTAMPVM_URL: chain.url })).toBe(chain.rpc);
    expect(await status(["--url", `${chain.url}/ext/bc/${chain.genesisId}`], {})).toBe(
      `${chain.url}/ext/bc/${chain.genesisId}/rpc`,
    );
    expect((await run(["status", "--help"])).out).toContain("http://127.0.0.1:9650");
  });

  test.each([
    [["--url", "ftp://x"], {}, "--url"],
    [[], { TIMESTAMPVM_URL: "ftp://x" }, "TIMESTAMPVM_URL"],
  ])("that is none is wrong use, which says where it is: %j %j", async (args, environment, where) => {
    const { code, out, err } = await run(["status", ...args], { environment });
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(`error: ${where}: not an HTTP URL: ftp://x`)]);
  });
});

test("a password and a key are never printed", async () => {
  using chain = await TestChain.start();
  const secret = (url: string) => `${url.replace("//", "//bob:s3cret@")}?key=s3cret`;
  for (const args of [...commands, ["stamp", "--text", "y", "--timeout", "0"]]) {
    for (const url of [secret(chain.rpc), secret(nowhere), secret(chain.rpc).replace("http:", "ftp:")]) {
      const { out, err } = await run([...args, "--url", url], { clock: new StandingClock() });
      expect(out + err).not.toContain("s3cret");
      expect(
        (await run(args, { clock: new StandingClock(), environment: { TIMESTAMPVM_URL: url } })).err,
      ).not.toContain("s3cret");
    }
  }
  expect((await run(["status", "--url", secret(chain.rpc)])).out).toContain(chain.rpc.replace("//", "//bob:***@"));
  const { code, err } = await run(["status", "--url", chain.rpc.replace("//", "//ann:s3cret#1@")]);
  expect([code, err]).toEqual([2, expect.stringMatching(/^error: --url: in a password, write .*: http:\/\/\*\*\*$/m)]);
});

describe("a TIMESTAMPVM_URL that is set, and empty,", () => {
  test.each(commands)("is no wish: %s refuses, exit 2", async (...args) => {
    const { code, out, err } = await run(args, { environment: { TIMESTAMPVM_URL: "" } });
    expect([code, out, err]).toEqual([2, "", expect.stringContaining("TIMESTAMPVM_URL: it is empty")]);
  });

  test("is no matter where --url is given", async () => {
    using chain = await TestChain.start();
    expect((await chain.run(["status", "--url", chain.url], { environment: { TIMESTAMPVM_URL: "" } })).code).toBe(0);
  });
});

describe("--timeout", () => {
  /** Passes when somebody waits, by as much as is waited for. */
  class PassingClock implements Clock {
    readonly pauses: number[] = [];
    #ms = 0;

    nowMs(): number {
      return this.#ms;
    }

    async pause(ms: number): Promise<void> {
      this.pauses.push(ms);
      this.#ms += ms;
    }
  }

  async function runAtSilentServer(args: readonly string[]) {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const clock = new PassingClock();
    try {
      using server = new FakeServer(() => never);
      return { ...(await server.run([...args, "--timeout", "2.5"], { clock })), pauses: clock.pauses };
    } finally {
      resolve();
    }
  }

  test.each([...commands, ["blocks", "--follow"]])("bounds what a silent host takes: %s %s %s", async (...words) => {
    const { code, out, err, pauses } = await runAtSilentServer(words.filter((word) => word !== undefined));
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("/rpc: no answer within the 2.5 s of --timeout\nSomething took the request and is silent");
    expect(pauses).toEqual([2_500]);
  });

  test("bounds all questions together", async () => {
    let nowMs = 0;
    const clock: Clock = {
      nowMs: () => nowMs,
      pause: (_ms, signal) => (signal ? new Promise(() => {}) : Bun.sleep(0)),
    };
    using server = new FakeServer((method) => {
      nowMs += 4_000;
      return method === "find" ? { blocks: [] } : { id: `0x${sha256Twice("x")}`, status: "pending" };
    });
    const { code, err } = await server.run(["stamp", "--text", "x", "--timeout", "10"], { clock });
    expect([code, err]).toEqual([3, expect.stringContaining("not accepted within 10 s. The node keeps it")]);
    expect(server.asked.map(({ method }) => method)).toEqual(["find", "stamp", "getReceipt"]);
    expect(server.asked.at(-1)?.params.waitMs).toBe(2_000);
    nowMs = 0;
    server.asked.length = 0;
    expect((await server.run(["stamp", "--text", "x", "--timeout", "3"], { clock })).code).toBe(1);
    expect(server.asked.map(({ method }) => method)).toEqual(["find"]);
  });

  test("ends --follow, which has nothing else to end it", async () => {
    using chain = await TestChain.start();
    const { code, out } = await chain.run(["blocks", "--follow", "--from", "0", "--timeout", "0.5"]);
    expect([code, out]).toEqual([0, expect.stringContaining(chain.genesisId)]);
  });

  test("is no longer than an answer may take without it", async () => {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const clock = new PassingClock();
    try {
      using server = new FakeServer(() => never);
      const { err } = await server.run(["status", "--timeout", "100"], { clock });
      expect([err, clock.pauses[0]]).toEqual([expect.stringContaining("no answer within 30 s"), 30_000]);
    } finally {
      resolve();
    }
  });
});

describe("a node that is not there", () => {
  test.each(commands)("%s: exit 1, the URL and what to try", async (...args) => {
    const { code, out, err } = await run(args, { environment: { TIMESTAMPVM_URL: nowhere } });
    expect([code, out]).toEqual([1, ""]);
    for (const words of [nowhere, "`timestampvm dev`", "--url", "TIMESTAMPVM_URL"]) expect(err).toContain(words);
  });
});

describe("a server that is no timestampvm, or not yet:", () => {
  const html = "<!doctype html><title>Welcome</title>";
  test.each<readonly [string, () => unknown, string]>([
    [
      "a web page",
      () => new Response(html, { headers: { "Content-Type": "text/html" } }),
      "does not answer in JSON-RPC",
    ],
    [
      "nothing at that path",
      () => new Response("404 page not found\n", { status: 404 }),
      "HTTP 404: 404 page not found",
    ],
    ["JSON that is no answer", () => new Response("[]"), "does not answer in JSON-RPC"],
    ["an error that is none of JSON-RPC", () => new Response('{"error":"denied"}'), "does not answer in JSON-RPC"],
    ["an error without words", () => new Response('{"error":{"code":1}}'), "does not answer in JSON-RPC"],
    [
      "a result beside no error, as JSON-RPC 1.0 has it",
      () => new Response('{"id":1,"result":{},"error":null}'),
      "its answer to getStatus is not understood",
    ],
    ["an empty answer", () => new Response(""), "does not answer in JSON-RPC"],
    ["an answer to something else", () => ({ isBootstrapped: true }), "its answer to getStatus is not understood"],
    ["null", () => null, "its answer to getStatus is not understood"],
    ["another VM", () => new RpcFailure(-32601, "Method not found"), "it does not know getStatus"],
  ])("%s", async (_name, answer, reason) => {
    using server = new FakeServer(answer);
    const { code, out, err } = await server.run(["status"]);
    expect([code, out]).toEqual([1, ""]);
    for (const words of [reason, `${server.url}/ext/bc/timestampvm/rpc`, "http://HOST:PORT/ext/bc/CHAIN"]) {
      expect(err).toContain(words);
    }
  });

  test("an error whose message is empty is reported by its code", async () => {
    using server = new FakeServer(() => new RpcFailure(-32000, ""));
    const { code, err } = await server.run(["status"]);
    expect([code, err]).toEqual([1, "error: error -32000\n"]);
  });

  test.each([
    ["that breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "ends the connection"],
    ["that is not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"],
  ])("an answer %s is a server out of reach", async (_what, answer, hint) => {
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (socket) => {
          socket.end(answer);
        },
      },
    });
    try {
      const { code, out, err } = await run(["status", "--url", `http://127.0.0.1:${listener.port}`]);
      expect([code, out, err]).toEqual([1, "", expect.stringContaining("cannot reach http://127.0.0.1")]);
      expect(err).toContain(`Something is there, and ${hint}`);
    } finally {
      listener.stop(true);
    }
  });

  test("one that never answers is left after half a minute", async () => {
    const waits: number[] = [];
    const clock: Clock = {
      nowMs: () => 0,
      pause: async (ms) => {
        waits.push(ms);
      },
    };
    const { promise: never, resolve } = Promise.withResolvers<void>();
    try {
      using server = new FakeServer(() => never);
      const { code, err } = await server.run(["status"], { clock });
      expect([code, err]).toEqual([
        1,
        expect.stringContaining("/rpc: no answer within 30 s\nSomething took the request and is silent"),
      ]);
      await server.run(["blocks", "--follow", "--from", "0"], { clock });
      expect(waits).toEqual([30_000, 5_000, 55_000, 5_000]); // the node may say why
    } finally {
      resolve();
    }
  });
});

describe("what a server says never reaches a terminal as commands:", () => {
  const evil = "\u001b]0;root\u0007\u009b2J\u202e";

  test.each<readonly [string, () => unknown]>([
    ["an error", () => new RpcFailure(-32603, evil)],
    ["data of an error", () => new RpcFailure(-32603, "no", { code: evil })],
    ["a page", () => new Response(evil)],
    ["a failure of HTTP", () => new Response(evil, { status: 500 })],
    ["an id", () => ({ block: apiBlock(1, "0x00", { id: evil }) })],
    ["a text that JSON would not escape", () => ({ block: apiBlock(1, "0x00", { parentId: "\u009b2J" }) })],
  ])("%s", async (_name, answer) => {
    using server = new FakeServer(answer);
    for (const more of [[], ["--json"]]) {
      const { code, out, err } = await server.run(["block", "1", ...more]);
      expect([code, out]).toEqual([1, ""]);
      for (const character of ["\u001b", "\u0007", "\u009b", "\u202e"]) expect(err).not.toContain(character);
    }
  });

  test.each<readonly [string, () => unknown]>([
    ["an error", () => new RpcFailure(-32603, "no\nstamped  1999")],
    ["a page", () => new Response("no\nstamped  1999")],
    ["a failure of HTTP", () => new Response("no\nstamped  1999", { status: 500 })],
    ["an id", () => ({ block: apiBlock(1, "0x00", { id: "no\nstamped  1999" }) })],
  ])("%s, nor as lines of ours", async (_name, answer) => {
    using server = new FakeServer(answer);
    const { code, out, err } = await server.run(["block", "1"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).not.toContain("\nstamped");
  });

  test("data that is not hex", async () => {
    using server = new FakeServer(() => ({ block: apiBlock(1, "0x00", { data: "0xzz" }) }));
    const { code, out, err } = await server.run(["block", "1"]);
    expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^error: .*: its data is not hex\n$/)]);
  });

  test("nor what a person has typed", async () => {
    const { code, err } = await run(["block", `\u001b[2J`]);
    expect([code, err]).toEqual([2, expect.stringContaining("\\u001b[2J")]);
  });
});
