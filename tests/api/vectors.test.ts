import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { bytesOf, decideNext, propose, startVm } from "../support/chain.ts";
import { RpcClient } from "./rpc.ts";

/** An exchange with timestampvm-rs, recorded on a chain with the genesis data `hello`. */
interface Vector {
  readonly method: string;
  readonly url: string;
  readonly request: string;
  /** The answer; without it the node's client got a gRPC error. */
  readonly body?: string;
}

const vectors = readFileSync(new URL("../vectors/json-rpc-timestampvm-rs.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Vector);

/** A status, when it is not 200, or the answer: all of it, or what it begins with, or an error's code and id. */
type Expected = number | string | { readonly start: string } | { readonly code: number; readonly id: unknown };

const pong = (id: string) => `{"jsonrpc":"2.0","result":{"success":true},"id":${id}}`;
const genesisBlock =
  '{"jsonrpc":"2.0","result":{"block":{"data":"0x68656c6c6f","height":0,' +
  '"parent_id":"11111111111111111111111111111111LpoYY","timestamp":0}},"id":1}';

/**
 * Where we go beyond timestampvm-rs: what it answers with a gRPC error, which its users see as HTTP 500 without JSON, we
 * answer by JSON-RPC 2.0. The request, why, and our answer.
 */
const exceptions: readonly (readonly [request: string, method: string, url: string, why: string, Expected])[] = [
  [
    '{"jsonrpc": "2.0", "id": 1, "method": "getBlock", "params": {"id": "2W1Bi9RM4gpL1qjn6RvaTujogmo4eEe4mnRvnscAXF6q2LhA6B"}}',
    "POST",
    "/rpc",
    "parameters by name",
    genesisBlock,
  ],
  [
    '{"jsonrpc": "2.0", "id": 1, "method": "proposeBlock", "params": {"data": "YQ=="}}',
    "POST",
    "/rpc",
    "parameters by name",
    pong("1"),
  ],
  [
    '{"jsonrpc": "2.0", "id": 1, "method": "getBlock", "params": ["2W1Bi9RM4gpL1qjn6RvaTujogmo4eEe4mnRvnscAXF6q2LhA6B"]}',
    "POST",
    "/rpc",
    "parameters by position",
    genesisBlock,
  ],
  [
    '{"jsonrpc": "2.0", "id": 1, "method": "proposeBlock", "params": ["YQ=="]}',
    "POST",
    "/rpc",
    "parameters by position",
    pong("1"),
  ],
  ['{"jsonrpc": "2.0", "id": -1, "method": "ping", "params": []}', "POST", "/rpc", "an id is any number", pong("-1")],
  [
    '{"jsonrpc": "2.0", "id": [1], "method": "ping", "params": []}',
    "POST",
    "/rpc",
    "an id is no array",
    { code: -32600, id: null },
  ],
  [
    '{"jsonrpc": "2.0", "id": true, "method": "ping", "params": []}',
    "POST",
    "/rpc",
    "an id is no boolean",
    { code: -32600, id: null },
  ],
  ['{"jsonrpc":"2.0","method":"ping","params":[]}', "POST", "/rpc", "a notification has no answer", 204],
  [
    '{"jsonrpc":"1.0","id":1,"method":"ping","params":[]}',
    "POST",
    "/rpc",
    "another version is no valid request",
    { code: -32600, id: 1 },
  ],
  [
    '{"jsonrpc":2.0,"id":1,"method":"ping","params":[]}',
    "POST",
    "/rpc",
    "the version is a string",
    { code: -32600, id: 1 },
  ],
  ['{"jsonrpc":"2.0","id":1,"method":5}', "POST", "/rpc", "a method is a string", { code: -32600, id: 1 }],
  [
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[],"extra":1}',
    "POST",
    "/rpc",
    "no rule forbids more members",
    pong("1"),
  ],
  ["{", "POST", "/rpc", "parse error", { code: -32700, id: null }],
  ["[]", "POST", "/rpc", "an empty batch is no valid request", { code: -32600, id: null }],
  ["5", "POST", "/rpc", "no valid request", { code: -32600, id: null }],
  ['""', "POST", "/rpc", "no valid request", { code: -32600, id: null }],
  [
    '[{"jsonrpc":"2.0","id":1,"method":"ping","params":[]},{"jsonrpc":"2.0","id":2,"method":"nope","params":[]}]',
    "POST",
    "/rpc",
    "a batch",
    `[${pong("1")},{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":2}]`,
  ],
  [
    '{"jsonrpc": "2.0", "id": 1, "method": "rpc.discover", "params": []}',
    "POST",
    "/rpc",
    "a method of ours",
    { start: '{"jsonrpc":"2.0","result":{"openrpc":"1.' },
  ],
  ["", "GET", "/rpc", "only POST can change anything", 405],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', "POST", "/other", "the API is at /rpc alone", 404],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', "PUT", "/rpc", "only POST can change anything", 405],
];

function exceptionFor({ request, method, url }: Vector) {
  return exceptions.find(([r, m, u]) => r === request && m === method && u === url);
}

/** That of timestampvm-rs: byte for byte where it gives a result, the same code and id where it gives an error. */
function expectedOf(vector: Vector): Expected {
  const exception = exceptionFor(vector);
  if (exception !== undefined) return exception[4];
  const { error, id } = JSON.parse(vector.body ?? "") as { error?: { code: number }; id: unknown };
  return error === undefined ? (vector.body ?? "") : { code: error.code, id };
}

/** The chain had one more block from here on, and it was not recorded. */
const acceptedHere = '"6jba5yMKVg1KQAjbgZPyHbPeWjCn46MpPWiJkdzadhPJuXTPy"';

describe("JSON-RPC as timestampvm-rs", () => {
  const rpc = new RpcClient(startVm({ genesis: bytesOf('{"data":"hello"}') }).vm);

  /** Plays the node at the one place where the recording needs it, and names our block in its answer. */
  function prepare(expected: Expected): Expected {
    if (typeof expected !== "string" || !expected.includes(acceptedHere)) return expected;
    propose(rpc.vm, "what was accepted");
    return expected.replace(acceptedHere, JSON.stringify(decideNext(rpc.vm).id));
  }

  const rows = vectors.map((vector): [string, Vector] => {
    const why = exceptionFor(vector)?.[3];
    const note = why === undefined ? "" : ` (beyond timestampvm-rs: ${why})`;
    return [`${vector.method} ${vector.url} ${vector.request.slice(0, 120)}${note}`, vector];
  });

  test.each(rows)("%s", async (_name, vector) => {
    const expected = prepare(expectedOf(vector));
    const response = await rpc.request(vector.url, {
      method: vector.method,
      headers: { "Content-Type": "application/json" },
      ...(vector.method !== "GET" && { body: vector.request }),
    });
    if (typeof expected === "number") {
      expect(response.status).toBe(expected);
      return;
    }
    expect(response.status).toBe(200);
    const text = await response.text();
    if (typeof expected === "string") {
      expect(text).toBe(expected);
      return;
    }
    if ("start" in expected) {
      expect(text).toStartWith(expected.start);
      return;
    }
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: "2.0", error: { code: expected.code }, id: expected.id });
    expect(Object.keys(JSON.parse(text))).toEqual(["jsonrpc", "error", "id"]);
  });

  test("every exception is one of the recorded requests, and every gRPC error has one", () => {
    for (const [request, method, url] of exceptions) {
      expect(vectors.filter((v) => v.request === request && v.method === method && v.url === url)).toHaveLength(1);
    }
    for (const vector of vectors) if (vector.body === undefined) expect(exceptionFor(vector)).toBeDefined();
  });
});
