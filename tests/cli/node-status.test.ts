import { describe, expect, test } from "bun:test";
import { closedPort, FakeServer, isoTime, run, TestChain } from "./node-support.ts";

const status = {
  version: "0.9.9",
  protocol: 45,
  networkId: 12345,
  chainId: "2JVSBoinj9C2J33VntvzYtVJNZdN2NKiwwKjcumHUWEb5DbBrm",
  nodeId: "NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg",
  state: "normal operation",
  lastAccepted: { id: "last", height: 1_204, timestamp: 1_795_297_311 },
  preference: { id: "next", height: 1_205, timestamp: 1_795_297_312 },
  processing: 1,
  mempool: { count: 2, bytes: 2_100, oldestSeconds: 61 },
  databaseBytes: 491_520,
  peers: 4,
  uptimeSeconds: 90_061,
};

describe("status", () => {
  test("that fails prints why for programs too", async () => {
    const url = `http://127.0.0.1:${closedPort()}/ext/bc/timestampvm/rpc`;
    const { code, out, err } = await run(["status", "--json", "--url", url]);
    const error = `cannot reach ${url}: `;
    expect([code, JSON.parse(out)]).toEqual([1, { error: expect.stringContaining(error) }]);
    expect(err).toStartWith(`error: ${error}`);
  });

  test("of a development chain says what it is, and where its chain ends", async () => {
    using chain = await TestChain.start();
    const [block] = await chain.accept(["one"]);
    const { code, out, err } = await chain.run(["status"]);
    expect([code, err]).toEqual([0, ""]);
    const rows = Object.fromEntries(out.split("\n").map((line) => line.split(/ {2,}/) as [string, string]));
    expect(rows).toMatchObject({
      url: chain.rpc,
      what: "development chain: one process, no peers, no consensus",
      version: "1.2.3, RPCChainVM 46",
      chain: chain.genesisId,
      state: "normal operation",
      "last accepted": block?.id,
      height: "1",
      time: `${isoTime(block?.timestamp ?? 0)}, as claimed`,
      processing: "0 blocks",
      proposals: "0 waiting, 0 bytes",
      peers: "0",
    });
    expect(Object.keys(rows)).not.toContain("node");
  });

  test("of a node prints all that it knows, below each other", async () => {
    using server = new FakeServer(() => status);
    expect(await server.run(["status"])).toMatchObject({
      code: 0,
      err: "",
      out: [
        `url            ${server.url}/ext/bc/timestampvm/rpc`,
        "version        0.9.9, RPCChainVM 45",
        "network        12345",
        "chain          2JVSBoinj9C2J33VntvzYtVJNZdN2NKiwwKjcumHUWEb5DbBrm",
        "node           NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg",
        "state          normal operation",
        "last accepted  last",
        "height         1,204",
        "time           2026-11-21T21:41:51Z, as claimed",
        "preferred      next, height 1205",
        "processing     1 block",
        "proposals      2 waiting, 2,100 bytes, the oldest for 1 min 1 s",
        "database       491,520 bytes",
        "peers          4",
        "up for         1 d 1 h",
        "",
      ].join("\n"),
    });
  });

  test.each([
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3_600, "1 h"],
    [3_659, "1 h"],
    [86_400 * 1_000 + 3_600 * 23, "1,000 d 23 h"],
  ])("says %i seconds as %s", async (uptimeSeconds, words) => {
    using server = new FakeServer(() => ({ ...status, uptimeSeconds }));
    expect((await server.run(["status"])).out).toEndWith(`up for         ${words}\n`);
  });

  test("for programs is one JSON object, as the API gives it", async () => {
    using server = new FakeServer(() => status);
    const { code, out } = await server.run(["status", "--json"]);
    expect([code, out]).toEqual([0, `${JSON.stringify(status)}\n`]);
  });

  test("has all digits of its integers", async () => {
    const text = JSON.stringify(status).replace('"height":1204', '"height":18446744073709551615');
    using server = new FakeServer(() => new Response(`{"jsonrpc":"2.0","id":1,"result":${text}}`));
    expect((await server.run(["status", "--json"])).out).toBe(`${text}\n`);
    expect((await server.run(["status"])).out).toContain("height         18,446,744,073,709,551,615\n");
  });

  test("is coloured on a terminal", async () => {
    using server = new FakeServer(() => status);
    expect((await server.run(["status"], { isColoured: true })).out).toContain("\u001b[2mpeers        \u001b[0m  4\n");
  });
});
