import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { type Calendar, type CalendarOptions, startCalendar } from "../../src/calendar/calendar.ts";
import { LookUps } from "../../src/calendar/look-ups.ts";
import { createClient } from "../../src/client/client.ts";
import type { DevChain, DevOptions } from "../../src/dev/dev-chain.ts";
import { Log } from "../../src/log.ts";
import { closedPort, FakeServer } from "../cli/node-support.ts";
import { within } from "../fake-node/deadline.ts";
import { startTestChain } from "../support/dev-chain.ts";
import { reasonOf, until } from "../support/promise.ts";
import { blocksIn, pendingIn, someDigests } from "./answers.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A calendar in front of a node. */
async function serve(rpc: string, options: Partial<CalendarOptions> = {}): Promise<Calendar> {
  const calendar = await startCalendar({
    address: { host: "127.0.0.1", port: 0 },
    call: createClient(rpc),
    uri: undefined,
    maxRate: 1_000_000,
    log: new Log(() => {}),
    ...options,
  });
  ends.push(calendar.close);
  return calendar;
}

/** A calendar in front of a development chain. */
async function start(options: Partial<CalendarOptions> = {}, chainOptions: Partial<DevOptions> = {}) {
  const chain = await startTestChain(chainOptions);
  ends.push(chain.close);
  const calendar = await serve(chain.rpc, options);
  return { chain, calendar, url: calendar.url };
}

/** Sends bytes as the stock clients do, which call a digest a form. */
function post(url: string, body: Uint8Array, path = "/digest"): Promise<Response> {
  const headers = { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/vnd.opentimestamps.v1" };
  return fetch(url + path, { method: "POST", headers, body: new Uint8Array(body) });
}

async function stamp(url: string, digest: Uint8Array): Promise<Uint8Array> {
  const response = await post(url, digest);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.bytes();
}

/** The same by a connection of its own. (The runtime's `fetch` has 256 at a time, which the calendar shares here.) */
async function stampAlone(port: number, digest: Uint8Array): Promise<Uint8Array> {
  const client = new RawClient(
    port,
    "POST /digest HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 32\r\n\r\n",
  );
  client.send(digest);
  await client.closed();
  expect(client.text).toStartWith("HTTP/1.1 200");
  return Buffer.from(client.text.slice(client.text.indexOf("\r\n\r\n") + 4), "latin1");
}

async function heightOf({ rpc }: DevChain): Promise<number> {
  return Number((await createClient(rpc)("getStatus", {})).lastAccepted.height);
}

/** What the stock client prints of a text; the rest of the characters are underscores there, behind the 160th nothing. */
const printed = /^[A-Za-z0-9#\-.,; ]{1,160}$/;

/** Of a digest at a commitment that the calendar never gave, and others. */
const tag = "7fcc294a79166871";

describe("POST /digest", () => {
  test.each([200, 2_000])("of %i clients at once: every path holds, in few blocks", async (count) => {
    const { chain, calendar } = await start();
    const digests = someDigests(count);
    const answers = await Promise.all(digests.map((digest) => stampAlone(calendar.port, digest)));
    const call = createClient(chain.rpc);
    const blocks = new Set<string>();
    for (const [i, digest] of digests.entries()) {
      const claims = blocksIn(digest, answers[i] ?? new Uint8Array());
      expect(claims).toHaveLength(1);
      for (const { block } of claims) blocks.add(block.id);
    }
    for (const id of blocks) expect((await call("getBlock", { id })).block.data).toMatch(/^0x[\da-f]{64}$/);
    expect(await heightOf(chain)).toBe(blocks.size);
    expect(blocks.size).toBeLessThan(count / 4);
  });

  test("takes any number of slashes before its path, and any content type", async () => {
    const { url } = await start();
    const [digest = new Uint8Array()] = someDigests(1);
    const response = await post(url, digest, "//digest");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const answer = await response.bytes();
    expect(response.headers.get("content-length")).toBe(String(answer.length));
    expect(blocksIn(digest, answer)).toHaveLength(1);
  });

  test("takes a digest that comes in chunks", async () => {
    const { calendar } = await start();
    const [digest = new Uint8Array()] = someDigests(1);
    const half = (part: Uint8Array) => Buffer.concat([Buffer.from("10\r\n"), part, Buffer.from("\r\n")]);
    const head = "POST /digest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    const client = new RawClient(calendar.port);
    for (const part of [head, half(digest.subarray(0, 16)), half(digest.subarray(16)), "0\r\n\r\n"]) client.send(part);
    await client.closed();
    expect(client.text).toStartWith("HTTP/1.1 200");
  });

  test.each([
    ["no byte", 0, 400],
    ["31 bytes", 31, 400],
    ["33 bytes", 33, 413],
    ["a million bytes", 1_000_000, 413],
  ])("refuses %s", async (_what, length, status) => {
    const { chain, url } = await start();
    const response = await post(url, new Uint8Array(length));
    expect([response.status, await response.text()]).toEqual([status, "A digest has exactly 32 bytes"]);
    expect(await heightOf(chain)).toBe(0);
  });

  test("names the calendar beside the block, not above or below it", async () => {
    const uri = "https://calendar.example.org";
    const { url } = await start({ uri });
    const [digest = new Uint8Array()] = someDigests(1);
    const answer = await stamp(url, digest);
    expect(blocksIn(digest, answer)).toHaveLength(1);
    const [{ commitment } = { commitment: new Uint8Array() }, ...others] = pendingIn(digest, answer);
    expect(others).toEqual([]);
    expect(commitment).toHaveLength(40);
    expect(commitment.toHex()).toEndWith(tag);
    const later = await fetch(`${url}//timestamp/${commitment.toHex()}`);
    expect([later.status, await later.text()]).toEqual([404, "In block 1 of timestampvm, not in Bitcoin"]);
    const short = await fetch(`${url}/timestamp/${commitment.toHex().slice(0, 64).toUpperCase()}`);
    expect(await short.text()).toBe("In block 1 of timestampvm, not in Bitcoin");
  });
});

describe("while the node makes no block", () => {
  const slow = { config: { minBlockIntervalMs: 600_000 } };

  /** The first block is made at once. */
  async function startSlow(uri?: string) {
    const limits = { maxAnswerMs: 1_000 };
    const started = await start({ uri, limits }, slow);
    await createClient(started.chain.rpc)("stamp", { data: "0x00" });
    await within(
      "the first block",
      until(async () => (await heightOf(started.chain)) === 1),
    );
    return started;
  }

  test("a digest gets the calendar's address, and its root waits at the node", async () => {
    const uri = "https://calendar.example.org";
    const { url } = await startSlow(uri);
    const [digest = new Uint8Array()] = someDigests(1);
    const answer = await stamp(url, digest);
    expect(blocksIn(digest, answer)).toEqual([]);
    const [{ commitment } = { commitment: new Uint8Array() }] = pendingIn(digest, answer);
    const later = await fetch(`${url}/timestamp/${commitment.toHex()}`);
    expect([later.status, await later.text()]).toEqual([404, "Waits for a block"]);
  });

  test("a digest is refused where there is no such address", async () => {
    const { url } = await startSlow();
    const response = await post(url, someDigests(1)[0] ?? new Uint8Array());
    expect([response.status, await response.text()]).toEqual([503, "No block came in time. Try again later."]);
    expect(response.headers.get("retry-after")).toBe("5");
  });

  test("the end of the calendar answers those who wait, and /health says so at once", async () => {
    const { calendar, url } = await startSlow("https://calendar.example.org");
    const digests = someDigests(20);
    const answers = digests.map((digest) => stamp(url, digest));
    await within(
      "the digests",
      until(async () => (await state(url)).waiting === 20),
    );
    const client = new RawClient(calendar.port, "GET /tip HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.answered();
    const closed = calendar.close();
    for (const [i, answer] of answers.entries())
      expect(pendingIn(digests[i] ?? new Uint8Array(), await answer)).toHaveLength(1);
    await within("the end", closed);
    await client.closed();
    expect(await fetch(url).catch(({ code }: { code: string }) => code)).toMatch(/refused/i);
  });
});

async function state(url: string): Promise<Record<string, unknown>> {
  return (await fetch(url, { headers: { Accept: "application/json" } })).json() as Promise<Record<string, unknown>>;
}

describe("without its node", () => {
  test("digests are refused at once, in words that the stock client prints", async () => {
    const calendar = await serve(`http://127.0.0.1:${closedPort()}/ext/bc/timestampvm/rpc`);
    const response = await post(calendar.url, someDigests(1)[0] ?? new Uint8Array());
    const text = await response.text();
    expect([response.status, text]).toEqual([503, "The node of this calendar is not at work. Try again later."]);
    expect(text).toMatch(printed);
    expect((await fetch(`${calendar.url}/health`)).status).toBe(503);
    expect((await fetch(`${calendar.url}/timestamp/${"00".repeat(40)}`)).status).toBe(404);
    expect((await fetch(`${calendar.url}/timestamp/${"00".repeat(32)}${tag}`)).status).toBe(503);
    expect((await fetch(calendar.url)).status).toBe(200);
  });

  test("which ends under way, every client has a proof that holds or a 503; the next node serves the same calendar", async () => {
    const { chain, calendar, url } = await start({}, { config: { minBlockIntervalMs: 20 } });
    const digests = someDigests(300);
    let answered = 0;
    const outcomes = digests.map(async (digest, i) => {
      await until(() => answered >= i - 60); // 60 at a time
      const response = await post(url, digest);
      answered++;
      if (answered === 100) await chain.close();
      const body = await response.bytes();
      if (response.status === 200) expect(blocksIn(digest, body)).toHaveLength(1);
      return response.status;
    });
    const statuses = await Promise.all(outcomes);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    const next = await startTestChain({ port: chain.port });
    ends.push(next.close);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const [digest = new Uint8Array()] = someDigests(1);
    expect(blocksIn(digest, await stamp(url, digest))).toHaveLength(1);
    expect(calendar.port).not.toBe(next.port);
  });
});

describe("in front of a node that hangs", () => {
  /** A node that takes every call, and answers none. */
  async function startHanging() {
    const node = new FakeServer(() => new Promise(() => {}));
    ends.push(() => node[Symbol.dispose]());
    const calendar = await serve(node.url, { uri: "https://calendar.example.org", limits: { maxAnswerMs: 500 } });
    return { node, ...calendar };
  }

  test("digests are refused in time: nothing says that the node has their root", async () => {
    const { url } = await startHanging();
    const response = await post(url, someDigests(1)[0] ?? new Uint8Array());
    expect([response.status, await response.text()]).toEqual([
      503,
      "The node of this calendar is not at work. Try again later.",
    ]);
  });

  test("64 questions wait for it, and no more", async () => {
    const { node, url } = await startHanging();
    const ask = () => fetch(`${url}/timestamp/${"00".repeat(32)}${tag}`);
    const waiting = Array.from({ length: 64 }, ask);
    await within(
      "the questions",
      until(() => node.asked.length === 64),
    );
    const refused = await ask();
    expect([refused.status, await refused.text()]).toEqual([503, "Too many requests wait. Try again later."]);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([503]));
  });
});

test("a node that is not there is said to those who ask, and logged for who wants to know", async () => {
  const logged: string[] = [];
  const log = new Log((line) => logged.push(line));
  log.setLevel("debug");
  const { url } = await serve(`http://127.0.0.1:${closedPort()}/rpc`, { log });
  expect((await fetch(`${url}/timestamp/${"00".repeat(32)}${tag}`)).status).toBe(503);
  expect((await fetch(`${url}/health`)).status).toBe(503);
  expect(logged.join("")).toContain("the node did not answer");
  expect(logged.join("")).toContain("the node is not at work");
});

test("a bug ends one request, is logged, and leaves the others alone", async () => {
  const logged: string[] = [];
  const log = new Log((line) => logged.push(line));
  const { url } = await start({ log });
  using broken = spyOn(LookUps.prototype, "find").mockRejectedValueOnce(new TypeError("a bug"));
  expect(await reasonOf(fetch(`${url}/timestamp/${"00".repeat(32)}${tag}`))).toBeInstanceOf(Error);
  expect(logged.join("")).toContain("a bug");
  expect((await fetch(`${url}/timestamp/${"00".repeat(32)}${tag}`)).status).toBe(404);
  expect(broken).toHaveBeenCalledTimes(2);
});

describe("other paths", () => {
  test.each([
    ["PUT", "/digest", 405, "Use POST"],
    ["GET", "/digest", 405, "Use POST"],
    ["POST", "/", 405, "Use GET"],
    ["POST", "/tip", 405, "Use GET"],
    ["GET", "/experimental/backup/0", 404, "Not found"],
    ["POST", "/digests", 404, "Not found"],
    ["GET", "/tip", 404, "No digest has come yet"],
    ["GET", "/timestamp/", 400, "What is asked about is not in hex"],
    ["GET", "/timestamp/zz", 400, "What is asked about is not in hex"],
    ["GET", "/timestamp/123", 400, "What is asked about is not in hex"],
    ["GET", `/timestamp/${"00".repeat(65)}`, 400, "What is asked about is not in hex"],
    ["GET", `/timestamp/${"00".repeat(44)}`, 404, "Not found"],
    ["GET", `/timestamp/${"00".repeat(32)}${tag}`, 404, "Not found"],
    ["GET", "/health", 200, "ok"],
  ])("%s %s is answered with %i %s", async (method, path, status, text) => {
    const { url } = await start();
    const response = await fetch(url + path, { method });
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(text).toMatch(printed);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    if (status === 405)
      expect(response.headers.get("allow")).toBe(method === "POST" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
  });

  test("a page in a browser may ask before it stamps", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/digest`, { method: "OPTIONS", headers: { Origin: "https://example.org" } });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(response.headers.get("access-control-allow-methods")).toBe("POST, OPTIONS");
    expect(response.headers.get("access-control-allow-headers")).toBe("Accept, Content-Type");
  });

  test("/ is a page for people, and JSON for programs; /tip is the newest root; /metrics has the figures", async () => {
    const { chain, url } = await start({ uri: "https://calendar.example.org" });
    await Promise.all(someDigests(3).map((digest) => stamp(url, digest)));
    const page = await fetch(url, { headers: { Accept: "text/html" } });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("vary")).toBe("Accept");
    expect(await page.text()).toContain("ots stamp -m 1 -c https://calendar.example.org FILE");
    const { digests, trees, waiting, tip } = await state(url);
    const height = await heightOf(chain);
    expect({ digests, trees, waiting, tip }).toMatchObject({ digests: 3, trees: height, waiting: 0, tip: { height } });
    const root = (await (await fetch(`${url}/tip`)).bytes()).toHex();
    expect(tip).toMatchObject({ root });
    const head = await fetch(`${url}/tip`, { method: "HEAD" });
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["32", ""]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(
      "# TYPE timestampvm_calendar_digests_total counter\ntimestampvm_calendar_digests_total 3\n",
    );
  });
});

/** A client that sends what it likes. */
class RawClient {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  text = "";

  constructor(port: number, first = "") {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (bytes) => {
      this.text += bytes.toString("latin1");
    });
    this.#socket.on("error", () => {});
    this.#closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    ends.push(() => this.end());
    if (first !== "") this.send(first);
  }

  send(part: string | Uint8Array): void {
    this.#socket.write(part);
  }

  end(): void {
    this.#socket.destroy();
  }

  answered(): Promise<void> {
    return within(
      "an answer",
      until(() => this.text.includes("\r\n\r\n")),
    );
  }

  closed(): Promise<void> {
    return within("the end of a connection", this.#closed);
  }
}

const digestHead = "POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n";

describe("a hostile client", () => {
  test.each([
    ["nothing", ""],
    ["a part of a head", "POST /digest HTTP/1.1\r\nHost:"],
    ["a part of a body", `${digestHead}abc`],
    ["nothing after an answer", "GET /tip HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("that sends %s loses its connection", async (_what, first) => {
    const { calendar } = await start({ limits: { maxRequestMs: 500 } });
    await new RawClient(calendar.port, first).closed();
  });

  test("that sends a body byte by byte loses its connection", async () => {
    const { calendar } = await start({ limits: { maxRequestMs: 500 } });
    const client = new RawClient(calendar.port, digestHead);
    const timer = setInterval(() => client.send("a"), 100);
    await client.closed();
    clearInterval(timer);
    expect(client.text).toBe("");
  });

  test("that sends more requests than it takes answers for loses its connection", async () => {
    const { calendar } = await start({ limits: { maxPipelined: 4, maxQuietMs: 10_000 } });
    const request = `${digestHead}${"a".repeat(32)}`;
    const client = new RawClient(calendar.port, request.repeat(5));
    await client.closed();
    expect(client.text).toBe("");
  });

  test("with one connection too many gets no answer, and the others do", async () => {
    const { calendar } = await start({ limits: { maxConnections: 2 } });
    const request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    const taken = [new RawClient(calendar.port, request), new RawClient(calendar.port, request)];
    for (const client of taken) await client.answered();
    const refused = new RawClient(calendar.port, request);
    await refused.closed();
    expect(refused.text).toBe("");
    for (const client of taken) expect(client.text).toStartWith("HTTP/1.1 200");
  });

  test("that asks too often is refused for the rest of the second, but the page and /health stay", async () => {
    const { url } = await start({ maxRate: 2 });
    const ask = () => fetch(`${url}/timestamp/00`);
    await within(
      "a refusal",
      until(async () => (await ask()).status === 429),
    );
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await within(
      "the next second",
      until(async () => (await ask()).status === 404),
    );
  });

  test("with a head of more than 8 KiB is refused", async () => {
    const { calendar } = await start();
    const client = new RawClient(calendar.port, `GET /${"a".repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await within("a refusal", Promise.race([client.closed(), client.answered()]));
    expect(client.text).not.toContain("200 OK");
  });

  test("that goes away does not keep its neighbours from their answers", async () => {
    const { calendar, url } = await start();
    const gone = new RawClient(calendar.port, `${digestHead}${"a".repeat(32)}`);
    const [digest = new Uint8Array()] = someDigests(1);
    const answer = stamp(url, digest);
    await within(
      "both digests",
      until(async () => Number((await state(url)).waiting) === 2),
    );
    gone.end();
    expect(blocksIn(digest, await answer)).toHaveLength(1);
  });
});
