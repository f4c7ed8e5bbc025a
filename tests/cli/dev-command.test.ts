import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { zeroId } from "../../src/avalanche/id.ts";
import { runCli } from "../../src/cli/cli.ts";
import { createBlock } from "../../src/core/block.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { within } from "../fake-node/deadline.ts";
import { bytesOf, chainOn, genesis } from "../support/chain.ts";
import { makeOldFile } from "../support/old-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const about = { name: "timestampvm", version: "1.2.3", protocols: { oldest: 16, newest: 46, default: 45 } };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The command in this process, until the test is over, and what it prints. */
async function dev(args: readonly string[] = [], isColoured = false) {
  const written = { out: "", err: "" };
  const { promise: block, resolve } = Promise.withResolvers<void>();
  const output = {
    out: (text: string | Uint8Array) => {
      written.out += text;
      if (/block 1|"block"/.test(`${text}`)) resolve();
    },
    err: (text: string) => {
      written.err += text;
    },
    isColoured,
    onEnd: (close: () => void) => ends.push(close),
  };
  const code = await runCli(["dev", "--http", "127.0.0.1:0", ...args], about, output);
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(written.out) ?? [];
  return { code, url, port: Number(url.split(":")[2]), written, block: () => within("a block", block) };
}

function propose(url: string): Promise<Response> {
  return fetch(`${url}/ext/bc/timestampvm/rpc`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "proposeBlock", params: { data: "0x00" } }),
  });
}

test("its help names the address as it is typed", async () => {
  const { code, written } = await dev(["--help"]);
  expect([code, written.out.replace(/\s+/g, " ")]).toEqual([0, expect.stringContaining("(default: 127.0.0.1:9650)")]);
});

test("it serves a calendar of its chain, and ends if it cannot", async () => {
  const { url, written } = await dev(["--calendar", "127.0.0.1:0"]);
  const [, calendar = ""] = /^calendar {2}(\S+)$/m.exec(written.out) ?? [];
  const stamped = await fetch(`${calendar}/digest`, { method: "POST", body: new Uint8Array(32) });
  expect(stamped.status).toBe(200);
  expect(await (await fetch(calendar)).text()).toContain("The newest is in block 1 of chain");
  const { code, written: refused } = await dev(["--calendar", new URL(url).host]);
  expect([code, refused.err]).toEqual([1, expect.stringContaining(`cannot listen on ${new URL(url).host}`)]);
});

test("it says the protocol of a release, as a node of its own would", async () => {
  const { url } = await dev();
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "info.getNodeVersion" });
  const answer = await fetch(`${url}/ext/info`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(await answer.json()).toMatchObject({ result: { rpcProtocolVersion: "45" } });
});

describe("what dev prints", () => {
  test("is plain text where nobody watches", async () => {
    const { url, written, block } = await dev();
    await propose(url);
    await block();
    expect(written.out).not.toContain("\u001b");
    expect(written.out).toContain(`JSON-RPC  ${url}/ext/bc/timestampvm/rpc\n`);
    expect(written.out).toMatch(/^block 1 {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}1 byte {2}\w+$/m);
    expect(written.err).toBe("");
  });

  test("is coloured on a terminal", async () => {
    const { url, written, block } = await dev([], true);
    await propose(url);
    await block();
    expect(written.out).toContain("\u001b[32mblock 1\u001b[0m");
  });

  test("is one JSON object a line for programs", async () => {
    const { url, written, block } = await dev(["--json"]);
    await propose(url);
    await block();
    const events = written.out.trimEnd().split("\n");
    expect(events.map((line) => JSON.parse(line))).toMatchObject([
      { event: "started", url, height: 0, dataDir: null },
      { event: "block", height: 1, bytes: 1 },
    ]);
  });

  test("has its log beside it", async () => {
    const { written, port } = await dev(["--log-level", "debug"]);
    expect(JSON.parse(written.err)).toMatchObject({ level: "debug", event: "serving", port });
  });

  test.skipIf(!hasIpv6)("is a URL of an IPv6 address that curl takes", async () => {
    const { written } = await dev(["--http", "[::1]:0", "--json"]);
    const { url, rpc } = JSON.parse(written.out);
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await propose(url)).status).toBe(200);
    expect(rpc).toStartWith(url);
  });

  test("says so when another port is taken", async () => {
    const { port } = await dev();
    const { written } = await dev(["--http", `127.0.0.1:${port}`]);
    expect(written.out).toContain(`Port ${port} is taken`);
  });
});

describe("what dev is given", () => {
  test("may be a genesis in a file, which must be there then", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("genesis"), "from a file");
    const { url } = await dev(["--genesis", `@${directory.file("genesis")}`]);
    const id = createBlock({
      parentId: zeroId,
      height: 0n,
      timestamp: 0n,
      data: new TextEncoder().encode("from a file"),
    }).id;
    expect((await fetch(`${url}/ext/bc/${id}/rpc`)).status).toBe(405);
    const { code, written } = await dev(["--genesis", `@${directory.file("another")}`]);
    expect(code).toBe(1);
    expect(written.err).toBe(`error: ${directory.file("another")}: there is no such file or directory\n`);
  });

  test("keeps the chain where the option says", async () => {
    using directory = temporaryDirectory();
    await dev(["--data-dir", directory.file("chain"), "--block-interval", "10", "--log-level", "error"]);
    expect(existsSync(directory.file("chain/timestampvm.db"))).toBe(true);
    const { code, written } = await dev(["--data-dir", directory.file("chain")]);
    expect(code).toBe(1);
    expect(written.err).toContain("in use");
  });
});

test("--allow-host may be repeated", async () => {
  const { url } = await dev(["--allow-host", "box.lan", "--allow-host", "other.lan"]);
  const statusFor = async (host: string) => (await fetch(`${url}/ext/health`, { headers: { Host: host } })).status;
  expect(await Promise.all(["box.lan", "other.lan", "third.lan"].map(statusFor))).toEqual([200, 200, 403]);
});

describe("wrong use of dev is exit 2 and a reason:", () => {
  test.each([
    [["--http", "here"], "HOST:PORT"],
    [["--http", "127.0.0.1:65536"], "HOST:PORT"],
    [["--http", "127.1"], "no IPv4 address of four numbers"],
    [["--http", "::1:9650"], "write [::1]:9650 or [::1:9650]"],
    [["--http", "http://127.0.0.1:9650"], "HOST:PORT"],
    [["--allow-host", "box.lan:9650"], "which has no port"],
    [["--allow-host", ""], "it is empty"],
    [["--block-interval", "-1"], "3600000"],
    [["--block-interval", "3600001"], "3600000"],
    [["--log-level", "loud"], "loud"],
    [["now"], "argument"],
  ])("%j", async (args, reason) => {
    const { code, written } = await dev(args);
    expect(code).toBe(2);
    expect(written.err).toContain(reason);
  });
});

test("it upgrades a database of an older schema, says so, and goes on with what waits there", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("timestampvm.db");
  makeOldFile(file, 2, { accepted: [genesis], waiting: [bytesOf("waits")] });
  const { code, written, block } = await dev(["--data-dir", directory.path, "--genesis", "Hello from Rust VM!"]);
  expect([code, written.err]).toEqual([
    0,
    `upgrading ${file} from schema 2 to 4, which older releases cannot open: 1 block\n` +
      `upgraded ${file} to schema 4\n`,
  ]);
  expect(needsUpgrade(file)).toBe(false);
  await block();
});

test("it refuses the database of another genesis, and upgrades nothing", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("timestampvm.db");
  makeOldFile(file, 3, { accepted: [genesis, ...chainOn(genesis, 2)] });
  const before = readFileSync(file);
  const { code, written } = await dev(["--data-dir", directory.path, "--genesis", "another"]);
  const another = parseGenesis(bytesOf(formatGenesis("another")));
  const problem = `it holds the chain that starts with block ${genesis.id}, not this chain's genesis ${another.id}`;
  const cure = "give each chain a chain data directory of its own";
  expect([code, written]).toEqual([1, { out: "", err: `error: ${file}: ${problem}; ${cure}\n` }]);
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
});
