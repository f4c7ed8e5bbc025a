import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import * as net from "node:net";
import { setTimeout } from "node:timers/promises";
import { maxBodyBytes } from "../../src/api/app.ts";
import { createClient } from "../../src/client/client.ts";
import { maxPipelined } from "../../src/dev/admit.ts";
import type { DevChain } from "../../src/dev/dev-chain.ts";
import { Log } from "../../src/log.ts";
import { within } from "../fake-node/deadline.ts";
import { startTestChain } from "../support/dev-chain.ts";

/** A client of HTTP/1.1 that sends what it likes, and reads only when it is asked to. */
class RawClient implements Disposable {
  readonly #socket: net.Socket;
  readonly #closed: Promise<void>;
  #received = "";

  constructor(port: number) {
    this.#socket = net.connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.pause();
    this.#closed = new Promise((resolve) => this.#socket.on("close", () => resolve()));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Reads until there is so much of a text. */
  async read(pattern: RegExp): Promise<string> {
    this.#socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
    });
    this.#socket.resume();
    const found = async () => {
      while (!pattern.test(this.#received)) await setTimeout(1);
    };
    await within(String(pattern), found());
    return this.#received;
  }

  /** Gives what comes until the server closes the connection, which only those see who read. */
  async readToClose(): Promise<string> {
    this.#socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
    });
    this.#socket.resume();
    await this.#closed;
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

let chain: DevChain;
let logged: string[];

beforeEach(async () => {
  logged = [];
  chain = await startTestChain({ log: new Log((line) => logged.push(line)) });
});
afterEach(() => chain.close());

const head = (method: string, path: string, lines: readonly string[] = []) =>
  `${[`${method} ${path} HTTP/1.1`, "Host: localhost", ...lines].join("\r\n")}\r\n\r\n`;
const post = (body: object) => {
  const text = JSON.stringify(body);
  const lines = ["Content-Type: application/json", `Content-Length: ${text.length}`];
  return head("POST", "/ext/bc/timestampvm/rpc", lines) + text;
};

test("two requests that are sent at once are answered in their order, though the first one waits", async () => {
  using client = new RawClient(chain.port);
  const receipt = { jsonrpc: "2.0", id: 1, method: "getReceipt", params: { id: "ab".repeat(32), waitMs: 50 } };
  client.send(post(receipt) + head("GET", "/ext/health"));
  expect(await client.read(/"healthy":true/)).toMatch(/"status":"unknown".*"healthy":true/s);
});

test.each([
  ["of a known length", "Content-Length: 1000", '{"jsonrpc"'],
  ["in chunks", "Transfer-Encoding: chunked", '3\r\n{"j\r\n'],
])("an upload %s that is cut off is no fault of ours, and nothing is logged", async (_how, length, text) => {
  using messages = spyOn(console, "error");
  const client = new RawClient(chain.port);
  const lines = ["Content-Type: application/json", length, "Expect: 100-continue"];
  client.send(head("POST", "/ext/bc/timestampvm/rpc", lines));
  await client.read(/100 Continue/);
  client.send(text);
  client[Symbol.dispose]();
  const call = createClient(chain.rpc);
  for (let i = 0; i < 20; i++) expect(await call("ping", undefined)).toEqual({ success: true });
  expect([logged, messages.mock.calls]).toEqual([[], []]);
});

test("a body that is too large is refused before it is sent", async () => {
  using client = new RawClient(chain.port);
  client.send(head("POST", "/ext/bc/timestampvm/rpc", ["Content-Type: application/json", "Content-Length: 5000000"]));
  expect(await client.read(/at most/)).toStartWith("HTTP/1.1 413 ");
});

describe("a body in chunks", () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const chunksOf = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const sendChunks = async (coding: string, body: string, answer: RegExp) => {
    using client = new RawClient(chain.port);
    const lines = ["Content-Type: application/json", `Transfer-Encoding: ${coding}`];
    client.send(head("POST", "/ext/bc/timestampvm/rpc", lines) + body);
    return await client.read(answer);
  };

  test("is read to its end, as one of a known length", async () => {
    const [start, end] = [ping.slice(0, 9), ping.slice(9)];
    const body = `9\r\n${start}\r\n${chunksOf(end)}`;
    expect(await sendChunks("chunked", body, /\}$/)).toEndWith('{"jsonrpc":"2.0","result":{"success":true},"id":1}');
  });

  test("that is empty is an empty one", async () => {
    expect(await sendChunks("chunked", "0\r\n\r\n", /\}$/)).toContain("Parse error");
  });

  test("that is too large is refused", async () => {
    expect(await sendChunks("chunked", chunksOf(" ".repeat(maxBodyBytes + 1)), /at most/)).toStartWith("HTTP/1.1 413 ");
    expect(await sendChunks("chunked", chunksOf(ping.padEnd(maxBodyBytes)), /success/)).toStartWith("HTTP/1.1 200 ");
  });

  test("and in another coding is refused by its name (RFC 9112, 6.1)", async () => {
    expect(await sendChunks("gzip, chunked", chunksOf(ping), /taken/)).toMatch(
      /^HTTP\/1.1 501 .*"gzip, chunked" is not/s,
    );
  });
});

test("clients that fetch no answer leave no room for more large ones, and small ones are answered", async () => {
  const call = createClient(chain.rpc);
  const data = new Uint8Array(900_000);
  await call("stamp", { data: `0x${data.toHex()}` });
  await call("getBlocks", { from: 1n, order: "ascending", waitMs: 25_000 });
  const clients = Array.from({ length: 40 }, () => new RawClient(chain.port));
  // 5 MB are more than the system takes for a client that does not read.
  const large = { jsonrpc: "2.0", id: 1, method: "getBlocks", params: { limit: 1 } };
  for (const client of clients) client.send(post([large, large, large]));
  const refused = async () => {
    while (!logged.some((line) => line.includes("requests refused"))) await setTimeout(1);
  };
  await within("a refusal", refused());
  expect(await call("ping", undefined)).toEqual({ success: true });
  for (const client of clients) client[Symbol.dispose]();
  const again = async () => {
    for (;;) {
      try {
        return await call("getBlocks", { limit: 1n });
      } catch {
        await setTimeout(1); // the others' answers are not gone yet
      }
    }
  };
  expect((await within("room", again())).blocks).toHaveLength(1);
});

test("a connection that sends on and on, and reads nothing, is closed", async () => {
  using client = new RawClient(chain.port);
  const waiting = { jsonrpc: "2.0", id: 1, method: "getReceipt", params: { id: "ab".repeat(32), waitMs: 25_000 } };
  client.send(post(waiting).repeat(maxPipelined + 1));
  expect(await within("the connection to be closed before the first answer", client.readToClose())).toBe("");
  expect(await createClient(chain.rpc)("ping", undefined)).toEqual({ success: true });
});
