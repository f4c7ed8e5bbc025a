import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Clock } from "../../src/client/waiting.ts";
import { run, TestChain } from "./node-support.ts";
import { WholeNode } from "./whole-node.ts";

// The URL of a node without a chain: the chain is found by the VM id of the program.

/** `avalanche vm-id timestampvm`. */
const vmId = "tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc";
const [one, two, other] = [
  "2JVSBoinj9C2J33VntvzYtVJNZdN2NKiwwKjcumHUWEb5DbBrm",
  "2q9e4r6Mu3U68nU1fYjgbR6JvwrRx36CohpAX5UQxse55x1Q5",
  "yH8D7ThNJkxmtkuv2jgBa4P1Rn3Qpr4pPr7QYNfcdoS6k6HWp",
] as const;
const blockchain = (id: string, name = "stamps", vmID = vmId) => ({ id, name, vmID, subnetID: other });

let chain: TestChain;
beforeAll(async () => {
  chain = await TestChain.start();
});
afterAll(() => chain[Symbol.dispose]());

/** The chain of the test at the path of a chain of the node. */
const at =
  (id: string) =>
  async (path: string, request: Request): Promise<Response> =>
    path === `/ext/bc/${id}/rpc`
      ? fetch(chain.rpc, {
          method: "POST",
          body: await request.text(),
          headers: { "Content-Type": "application/json" },
        })
      : new Response("404 page not found\n", { status: 404 });

describe("a node's URL without a chain", () => {
  test("means the only chain of this VM that the node tracks", async () => {
    const blockchains = [blockchain(two), blockchain(other, "C-like", other), blockchain(one)];
    using node = new WholeNode({ blockchains, bootstrapped: { [one]: true, [other]: true }, chain: at(one) });
    const { code, out, err } = await node.run(["status"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`url            ${node.url}/ext/bc/${one}/rpc\n`);
    expect(out).toContain(chain.genesisId);
  });

  test("is asked once for its chains, by a command with many questions", async () => {
    using node = new WholeNode({ blockchains: [blockchain(one)], bootstrapped: { [one]: true }, chain: at(one) });
    expect((await node.run(["stamp", "--text", "found by its VM id"])).code).toBe(0);
    expect(node.asked.filter((path) => path === "/ext/bc/P")).toHaveLength(1);
    expect(node.asked.filter((path) => path.startsWith(`/ext/bc/${one}`)).length).toBeGreaterThan(2);
  });

  test("means the default path where something is there", async () => {
    using node = new WholeNode({
      blockchains: [blockchain(one)],
      bootstrapped: { [one]: true },
      chain: at("timestampvm"),
    });
    const { out } = await node.run(["status"]);
    expect(out).toContain(`url            ${node.url}/ext/bc/timestampvm/rpc\n`);
    expect(node.asked).toEqual(["/ext/bc/timestampvm/rpc"]);
  });

  test("is ambiguous where there are several: exit 2, with what to give", async () => {
    const blockchains = [blockchain(one, "first"), blockchain(two, "no\n\u001b[2J")];
    using node = new WholeNode({ blockchains, bootstrapped: { [one]: true, [two]: false } });
    const { code, out, err } = await node.run(["find", "--text", "x"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(
      `error: ${node.url}: it has 2 chains of this VM. Name one:\n` +
        `  --url ${node.url}/ext/bc/${one}/rpc  first\n` +
        `  --url ${node.url}/ext/bc/${two}/rpc  no\\u000a\\u001b[2J\n`,
    );
    const url = node.url.replace("//", "//bob:s3cret@");
    expect((await node.run(["find", "--text", "x", "--url", url])).err).not.toContain("s3cret");
  });

  test.each([
    ["has none of this VM", [blockchain(other, "x", other)], `its network has no chain of this VM, ${vmId}`],
    [
      "tracks none of this VM",
      [blockchain(one)],
      `Its network has: ${one}\nA node answers for a chain only while it tracks`,
    ],
  ])("of a node that %s is exit 1", async (_name, blockchains, words) => {
    using node = new WholeNode({ blockchains });
    const { code, out, err } = await node.run(["status"]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(words)]);
  });

  test("does not stand for a chain that is named", async () => {
    using node = new WholeNode({ blockchains: [blockchain(one)], bootstrapped: { [one]: true }, chain: at(one) });
    const { code, err } = await node.run(["status", "--url", `${node.url}/ext/bc/timestampvm`]);
    expect([code, err]).toEqual([1, expect.stringContaining("HTTP 404")]);
    expect(node.asked).not.toContain("/ext/bc/P");
  });

  test.each<readonly [string, unknown]>([
    ["no list", { blockchains: "all" }],
    ["ids that are none", { blockchains: [{ id: "../../admin", name: "x", vmID: vmId }] }],
    ["what is no object", { blockchains: [null, 1, "x", []] }],
  ])("of a server that gives %s is exit 1", async (_name, result) => {
    using node = new WholeNode({
      chain: () => new Response("", { status: 404 }),
      blockchains: (result as { blockchains: never }).blockchains,
    });
    const { code, out } = await node.run(["status"]);
    expect([code, out]).toEqual([1, ""]);
  });

  test("of a node with an endless list is exit 1", async () => {
    const megabyte = "x".repeat(1024 * 1024);
    using node = new WholeNode({
      blockchains: Array.from({ length: 17 }, () => blockchain(one, megabyte)),
      bootstrapped: { [one]: true },
    });
    const { code, err } = await node.run(["status"]);
    expect([code, err]).toEqual([1, expect.stringContaining("HTTP 404")]);
  });

  test("of a node with more chains of this VM than it may be asked about is exit 2", async () => {
    using node = new WholeNode({ blockchains: Array.from({ length: 101 }, () => blockchain(one)) });
    const { code, err } = await node.run(["status"]);
    expect([code, err]).toEqual([2, expect.stringContaining("its network has 101 chains of this VM: name one")]);
    expect(node.asked).not.toContain("/ext/info");
  });
});

describe("a node whose chain gives no answer is asked why:", () => {
  const unavailable = "rpc error: code = Unavailable desc = connection error";
  const failing = (error: string) => ({ error, timestamp: "2026-11-30T00:00:00Z", duration: 1 });
  const health = {
    checks: {
      network: { message: {}, timestamp: "2026-11-30T00:00:00Z", duration: 1 },
      P: failing("one"),
      C: failing("two"),
      X: failing("three"),
      [one]: failing(unavailable),
    },
    healthy: false,
  };
  const broken = (status: number) => () => new Response("no", { status });
  const statusOf = (node: WholeNode, more = "") => node.run(["status", "--url", `${node.url}/ext/bc/${one}${more}`]);

  test.each([500, 502, 503])("its health, that of the chain first, after %d", async (status) => {
    using node = new WholeNode({ health, bootstrapped: { [one]: true }, chain: broken(status) });
    const { code, err } = await statusOf(node);
    expect(code).toBe(1);
    expect(err.split("\n").slice(1)).toEqual([
      `The node's health says: ${one}: ${unavailable}`,
      "The node's health says: P: one",
      "The node's health says: C: two",
      `So the plugin of ${one} has ended: the node's log says why, and a restart of the node starts it again.`,
      "",
    ]);
  });

  test.each<readonly [string, Record<string, boolean>]>([
    ["knows the chain", { [one]: true }],
    ["knows it by another name only", {}],
  ])("its health, which names the chain by its first alias, where the node %s", async (_name, bootstrapped) => {
    const checks = {
      P: failing("one"),
      database: failing(unavailable),
      bls: failing("two"),
      stamps: failing(unavailable),
    };
    using node = new WholeNode({ health: { checks }, bootstrapped, chain: broken(500) });
    const { err } = await statusOf(node);
    expect(err).toContain(
      `The node's health says: stamps: ${unavailable}\n` +
        "The node's health says: P: one\n" +
        `The node's health says: database: ${unavailable}\n` +
        "So the plugin of stamps has ended: the node's log says why, and a restart of the node starts it again.\n",
    );
    expect(err.match(/has ended/g)).toHaveLength(1);
    expect(err).not.toContain("--url");
  });

  test("its health, where the node could not make the chain", async () => {
    const problem = `failed to create chain on subnet ${other}: error while creating new snowman vm: config: no number`;
    using node = new WholeNode({ health: { checks: { [one]: failing(problem) } } });
    const { err } = await statusOf(node);
    const words = `The node's health says: ${one}: ${problem}\n`;
    expect(err).toEndWith(`\nThe node says: there is no chain with alias/ID '${one}'\n${words}`);
    using listing = new WholeNode({ health: { checks: { [one]: failing(problem) } }, blockchains: [blockchain(one)] });
    expect((await listing.run(["status"])).err).toEndWith(`Its network has: ${one}\n${words}`);
  });

  test("its health, where the node waits for a plugin that is dead", async () => {
    const { promise: never, resolve } = Promise.withResolvers<Response>();
    try {
      using node = new WholeNode({ health, bootstrapped: { [one]: true }, chain: () => never });
      const clock: Clock = { nowMs: () => 0, pause: (ms) => (ms > 5_000 ? Promise.resolve() : new Promise(() => {})) };
      const { code, err } = await run(["status", "--url", `${node.url}/ext/bc/${one}`], { clock });
      expect([code, err]).toEqual([
        1,
        expect.stringContaining(`no answer within 30 s\nThe node's health says: ${one}: `),
      ]);
    } finally {
      resolve(new Response());
    }
  });

  test("the chain is not bootstrapped", async () => {
    using node = new WholeNode({ bootstrapped: { [one]: false }, chain: broken(503) });
    expect((await statusOf(node)).err).toEndWith(
      "\nThe node says that the chain is not bootstrapped: try again later.\n",
    );
  });

  test("it has no such chain", async () => {
    using node = new WholeNode({});
    const { err } = await statusOf(node);
    expect(err).toContain(`The node says: there is no chain with alias/ID '${one}'\nIs that the chain's URL?`);
  });

  test("what it says is other people's text, and has an end", async () => {
    const evil = `\u001b[2J\nstamped  1999${"x".repeat(100_000)}`;
    using node = new WholeNode({ health: { checks: { [one]: failing(evil) } }, chain: broken(500) });
    const { err } = await statusOf(node);
    expect(err).toContain(`The node's health says: ${one}: \\u001b[2J\\u000astamped  1999`);
    expect(err.length).toBeLessThan(1_000);
  });

  test.each<readonly [string, object | string]>([
    ["more than may be read", { checks: { [one]: failing("x".repeat(1024 * 1024)) } }],
    ["no JSON", "<html>"],
    ["no checks", { checks: [null, 1] }],
    ["checks of another kind", { checks: { [one]: "failed", x: { error: {} } } }],
  ])("%s is nothing: the usual hint comes", async (_name, health) => {
    using node = new WholeNode({ health, bootstrapped: { [one]: true }, chain: broken(500) });
    expect((await statusOf(node)).err).toEndWith(
      "\nThe server has failed: its log and a node's /ext/health say why.\n",
    );
  });

  test("once, however many files there are, and without a password in what is printed", async () => {
    using node = new WholeNode({ health, bootstrapped: { [one]: true }, chain: broken(503) });
    const url = `${node.url.replace("//", "//bob:s3cret@")}/ext/bc/${one}?key=s3cret`;
    const { code, out, err } = await node.run([
      "find",
      import.meta.path,
      import.meta.dir,
      import.meta.path,
      "--url",
      url,
    ]);
    expect([code, out]).toEqual([1, ""]);
    expect(node.asked.filter((path) => path === "/ext/health")).toHaveLength(1);
    expect(err).not.toContain("s3cret");
    expect(err.match(/The node's health says: P: one/g)).toHaveLength(1);
  });

  test("not where the URL is none of a node", async () => {
    using node = new WholeNode({ health, chain: broken(500) });
    expect((await node.run(["status", "--url", `${node.url}/gateway`])).err).toContain("The server has failed");
    expect(node.asked).toEqual(["/gateway/rpc"]);
  });
});
