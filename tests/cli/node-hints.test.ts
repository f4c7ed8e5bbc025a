import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { closedPort, FakeServer, run, TestChain } from "./node-support.ts";

// What a command says when a node gives no answer: the cause, and what to try about it.

/** The last lines of what `status` says, behind its own error. */
async function hintAt(url: string, environment: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(["status", "--url", url], { environment });
  expect([code, out]).toEqual([1, ""]);
  expect(err).toStartWith("error: ");
  return err.split("\n").slice(1).join("\n").trimEnd();
}

/** Runs `work` with variables that the runtime reads itself. */
async function withEnvironment<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    delete process.env[name];
    delete process.env[name.toUpperCase()];
  }
  try {
    Object.assign(process.env, variables);
    return await work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

describe("each refusal of HTTP has a hint of its own:", () => {
  const answers: readonly (readonly [status: number, words: string, text?: string])[] = [
    [400, "Is that the chain's URL?"],
    [400, "give https:// instead of http://", "Client sent an HTTP request to an HTTPS server.\n"],
    [401, "the key of your provider"],
    [403, "--http-allowed-hosts"],
    [404, "Is that the chain's URL?"],
    [407, "A proxy wants to know who asks"],
    [429, "no more requests of yours"],
    [500, "its log"],
    [502, "gets no answer from the node behind it"],
    [503, "its chain is not bootstrapped"],
    [504, "gets no answer from the node behind it"],
  ];

  test.each(answers)("%d: %s", async (status, words, text = "no") => {
    using server = new FakeServer(() => new Response(text, { status }));
    const hint = await hintAt(server.url);
    expect(hint).toContain(words);
    for (const [, others] of answers) expect(hint.includes(others)).toBe(others === words);
  });

  test.each([301, 302, 303, 307, 308])("%d names the other URL, which is not asked", async (status) => {
    const headers = { Location: "https://bob:s3cret@elsewhere.example/ext/bc/c/rpc?key=s3cret" };
    using server = new FakeServer(() => new Response("", { status, headers }));
    const { code, err } = await server.run(["status"]);
    const target = "https://bob:***@elsewhere.example/ext/bc/c/rpc?***";
    expect([code, err]).toEqual([1, expect.stringContaining(`redirects to ${target}\nIf you trust it, give that URL`)]);
    expect(server.asked.length).toBe(1);
  });
});

describe("a connection that fails is told apart:", () => {
  test("TLS to a port that speaks plain HTTP", async () => {
    using server = new FakeServer(() => "never asked");
    expect(await hintAt(server.url.replace("http:", "https:"))).toContain("give http:// instead of https://");
  });

  test("a certificate that nobody known has signed, and plain HTTP to TLS", async () => {
    const pem = readFileSync(join(import.meta.dir, "self-signed.pem"));
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { key: pem, cert: pem },
      fetch: () => new Response(),
    });
    try {
      expect(await hintAt(`https://127.0.0.1:${server.port}`)).toContain("NODE_EXTRA_CA_CERTS=FILE");
      expect(await hintAt(`http://127.0.0.1:${server.port}`)).toContain("does it speak TLS (https://)");
    } finally {
      await server.stop(true);
    }
  });

  test("a name that nobody knows", async () => {
    const hint = await withEnvironment({}, () => hintAt("http://no-such-host.invalid:9650"));
    expect(hint).toMatch(/^No (host of this name is known|name server answers)/);
  });
});

describe("a proxy", () => {
  const address = `127.0.0.1:${closedPort()}`;
  const proxy = `http://bob:s3cret@${address}`;

  test.each(["http_proxy", "HTTP_PROXY"])("in %s is never asked for this machine", async (variable) => {
    using chain = await TestChain.start();
    await withEnvironment({ [variable]: proxy, NO_PROXY: "elsewhere.example" }, async () => {
      expect((await run(["status", "--url", chain.url])).code).toBe(0);
      expect((await run(["status", "--url", chain.url.replace("127.0.0.1", "localhost")])).code).toBe(0);
    });
  });

  test.each([
    ["http", "http_proxy"],
    ["http", "HTTP_PROXY"],
    ["https", "https_proxy"],
  ])("that fails for %s is named, without its password: %s", async (scheme, variable) => {
    const environment = { [variable]: proxy };
    const hint = await withEnvironment(environment, () => hintAt(`${scheme}://chain.invalid:9650`, environment));
    expect(hint).toContain(`through the proxy http://bob:***@${address}, which ${variable} names`);
    expect(hint).toContain("NO_PROXY=chain.invalid");
  });

  test.each(["*", "chain.invalid", ".invalid", "x, invalid", "chain.invalid:9650"])(
    "is no reason where no_proxy is %s",
    async (no_proxy) => {
      const environment = { http_proxy: proxy, no_proxy };
      const hint = await withEnvironment(environment, () => hintAt("http://chain.invalid:9650", environment));
      expect(hint).not.toContain("proxy");
    },
  );
});
