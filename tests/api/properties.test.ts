import { expect, test } from "bun:test";
import fc from "fast-check";
import { decideNext, startVm } from "../support/chain.ts";
import { RpcClient } from "./rpc.ts";

const numRuns = Number(process.env.TIMESTAMPVM_TEST_RUNS ?? 500);

interface Answer {
  readonly jsonrpc: unknown;
  readonly id: unknown;
  readonly error?: { readonly code: unknown; readonly message: unknown };
  readonly result?: unknown;
}

/** JSON-RPC 2.0, 5: exactly one of result and error, and an id. */
function expectWellFormed(answer: Answer): void {
  expect(answer.jsonrpc).toBe("2.0");
  expect("id" in answer).toBe(true);
  expect("result" in answer).not.toBe("error" in answer);
  if (answer.error === undefined) return;
  expect(answer.error.code).toBeNumber();
  expect(answer.error.message).toBeString();
}

/** Gives answers or nothing, whatever comes. */
async function expectAnswers(rpc: RpcClient, text: string): Promise<void> {
  const response = await rpc.post(text);
  if (response.status === 204) return;
  expect(response.status).toBe(200);
  const answer = (await response.json()) as Answer | Answer[];
  for (const one of Array.isArray(answer) ? answer : [answer]) expectWellFormed(one);
  expect(rpc.logged).toEqual([]);
}

const rpc = new RpcClient(startVm({ config: { maxMempoolItems: 50 } }).vm);

test("any text is answered well or not at all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), (text) => expectAnswers(rpc, text)),
    { numRuns },
  );
});

test("any JSON is answered well or not at all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), (text) => expectAnswers(rpc, text)),
    { numRuns },
  );
});

const anyRequest = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
    method: fc.oneof(
      fc.constantFrom("ping", "proposeBlock", "getBlock", "lastAccepted", "timestampvm.getBlock", "constructor"),
      fc.jsonValue(),
    ),
    params: fc.oneof(
      fc.record({ data: fc.base64String(), id: fc.string() }, { requiredKeys: [] }),
      fc.tuple(fc.record({ data: fc.oneof(fc.base64String(), fc.jsonValue()), id: fc.jsonValue() })),
      fc.jsonValue(),
    ),
    __proto__: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

test("anything that looks like a request is answered well or not at all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyRequest, fc.array(anyRequest, { maxLength: 5 })), (message) =>
      expectAnswers(rpc, JSON.stringify(message)),
    ),
    { numRuns },
  );
});

test("any bytes that are proposed come back from the block they went into", async () => {
  const { vm } = startVm();
  const client = new RpcClient(vm);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 1_000 }), fc.boolean(), async (data, hex) => {
      const text = hex ? `0x${data.toHex()}` : data.toBase64();
      expect(await client.codeOf("proposeBlock", [{ data: text }])).toBeUndefined();
      const { id } = decideNext(vm);
      expect(await client.call("getBlock", [{ id }])).toMatchObject({
        result: { block: { data: `0x${data.toHex()}` } },
      });
    }),
    { numRuns: Math.min(numRuns, 200) },
  );
});
