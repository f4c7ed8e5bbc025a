import { afterEach, expect, test } from "bun:test";
import { closedPort, run, TestChain } from "./node-support.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The command in this process, until the test is over. */
async function calendar(url: string, ...args: readonly string[]) {
  const onEnd = (close: () => Promise<void>) => ends.push(close);
  return run(["calendar", "--url", url, "--http", "127.0.0.1:0", ...args], { onEnd });
}

async function startChain(): Promise<TestChain> {
  const chain = await TestChain.start();
  ends.push(() => chain[Symbol.dispose]());
  return chain;
}

test("it says where it is, which chain is behind it, and that a development chain proves nothing", async () => {
  const chain = await startChain();
  const { code, out, err } = await calendar(chain.url);
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+$/m.exec(out) ?? [];
  expect([code, out]).toEqual([0, expect.stringContaining(`ots stamp -m 1 -c ${url} FILE`)]);
  expect(out).toContain(`chain     ${chain.genesisId}\n`);
  expect(err).toStartWith("note: development chain");
  expect(await (await fetch(`${url}/health`)).text()).toBe("ok");
});

test("for programs it says the same in JSON", async () => {
  const chain = await startChain();
  const { out } = await calendar(chain.url, "--json", "--uri", "https://calendar.example.org/");
  expect(JSON.parse(out)).toEqual({
    event: "started",
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    uri: "https://calendar.example.org",
    node: chain.rpc,
    chain: chain.genesisId,
  });
});

test("it logs what it serves, and refuses who asks too often", async () => {
  const chain = await startChain();
  const { out, err } = await calendar(chain.url, "--log-level", "debug", "--rate", "1");
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+$/m.exec(out) ?? [];
  expect(err).toContain('"event":"serving"');
  const asked = await Promise.all([1, 2, 3].map(() => fetch(`${url}/timestamp/${"00".repeat(32)}`)));
  expect(asked.map(({ status }) => status)).toContain(429);
});

test("it starts without its node, and says so", async () => {
  const { code, out, err } = await calendar(`127.0.0.1:${closedPort()}`);
  expect([code, err]).toEqual([0, expect.stringMatching(/^note: clients are refused until the node is at work: /)]);
  expect(out).toContain("chain     not known yet\n");
});

test("it warns of an address in proofs that some clients cannot read", async () => {
  const chain = await startChain();
  const { err } = await calendar(chain.url, "--uri", "http://127.0.0.1:14788");
  expect(err).toContain("note: --uri is not https");
});

test.each([
  ["--uri", "calendar.example.org"],
  ["--uri", "https://calendar.example.org/path"],
  ["--uri", "https://calendar.example.org/?a=b"],
  ["--uri", "https://ann:secret@calendar.example.org"],
  ["--uri", "https://[::1]:14788"],
  ["--uri", "https://calendar.example.org:99999"],
  ["--uri", "ftp://calendar.example.org"],
  ["--uri", `https://${"a".repeat(1_000)}`],
  ["--rate", "0"],
  ["--rate", "many"],
  ["--http", "127.0.0.1:70000"],
  ["--http", "nowhere"],
])("it refuses %s %s", async (option, value) => {
  const { code, err } = await calendar("127.0.0.1:1", option, value);
  expect([code, err]).toEqual([2, expect.stringContaining(`error: option '${option}`)]);
});

test("a port that is taken is an error: clients know the port", async () => {
  const chain = await startChain();
  const { code, err } = await calendar(chain.url, "--http", new URL(chain.url).host);
  expect([code, err]).toEqual([1, expect.stringContaining(`cannot listen on ${new URL(chain.url).host}`)]);
});
