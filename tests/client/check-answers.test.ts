import { beforeAll, describe, expect, test } from "bun:test";
import { AnswerError } from "../../src/client/answer-error.ts";
import { checkAnswers } from "../../src/client/check-answers.ts";
import type { CallApi } from "../../src/client/client.ts";
import type { MethodName } from "../../src/client/contract.ts";
import { RpcError } from "../../src/client/rpc-error.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { acceptAll, childOf, genesis, now, spaced, startVm } from "../support/chain.ts";
import { reasonOf } from "../support/promise.ts";

const blocks: Block[] = [];
for (let i = 1; i < 10; i++) blocks.push(childOf(blocks.at(-1) ?? genesis, `block ${i}`, now + BigInt(i)));
let call: CallApi;

beforeAll(() => {
  const { vm } = startVm();
  acceptAll(vm, blocks);
  call = callOf(new RpcClient(vm));
});

function at(height: number) {
  const block = blocks[height - 1];
  if (block === undefined) throw new Error(`no block ${height}`);
  return block;
}

const data = (height: number) => `0x${at(height).data.toHex()}`;
const digest = (height: number) => digestOf(at(height).data);

type Params = Readonly<Record<string, unknown>>;

/** One call of a method, whatever its parameters are. */
function ask(call: CallApi, method: MethodName, params: Params): Promise<unknown> {
  return call(method, params as never);
}

/** Calls that are about block 3, or begin at it. */
const calls: readonly (readonly [MethodName, () => Params])[] = [
  ["getBlock", () => ({ id: at(3).id })],
  ["getBlockByHeight", () => ({ height: 3 })],
  ["getBlockAt", () => ({ timestamp: at(3).timestamp })],
  ["getBlocks", () => ({ from: 3n, limit: 3 })],
  ["getBlocks", () => ({ from: 3n, limit: 3, order: "ascending" })],
  ["getBlocks", () => ({})],
  ["find", () => ({ digest: digest(3) })],
  ["find", () => ({ data: data(3), from: 1 })],
  ["find", () => ({ data: at(3).data.toBase64() })],
  ["stamp", () => ({ data: data(3) })],
  ["getReceipt", () => ({ id: `0x${digest(3)}` })],
];

/** A server whose answers to one method are changed: `change` gets their JSON. */
function lying(method: MethodName, change: (json: string) => string): CallApi {
  return checkAnswers(async (asked, params, signal) => {
    const result = await call(asked, params, signal);
    if (asked !== method) return result;
    const changed = change(JSON.stringify(result, (_key, value) => (typeof value === "bigint" ? `${value}n` : value)));
    return JSON.parse(changed, (_key, value) => (/^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value));
  });
}

describe("what a server says is believed", () => {
  test.each(calls)("%s %p", async (method, params) => {
    expect(await ask(checkAnswers(call), method, params())).toEqual(await ask(call, method, params()));
  });

  test("where there is nothing", async () => {
    const checked = checkAnswers(call);
    expect(await checked("find", { digest: "ab".repeat(32) })).toEqual({ blocks: [] });
    const { status } = await checked("getReceipt", { id: "ab".repeat(32) });
    expect(status).toBe("unknown");
    const refusal = new RpcError(-32603, "no such block");
    const refusing = checkAnswers(() => Promise.reject(refusal));
    expect(await reasonOf(refusing("getBlockByHeight", { height: 99 }))).toBe(refusal);
  });
});

describe("an answer is refused that has", () => {
  test.each(calls)("another time, %s %p", async (method, params) => {
    const lie = lying(method, (json) => json.replace(`"${at(3).timestamp}n"`, '"1n"'));
    expect(await reasonOf(ask(lie, method, params()))).toBeInstanceOf(AnswerError);
  });

  test.each(calls)("another height, %s %p", async (method, params) => {
    const lie = lying(method, (json) => json.replace('"height":"3n"', '"height":"7n"'));
    expect(await reasonOf(ask(lie, method, params()))).toBeInstanceOf(AnswerError);
  });

  test.each(calls.filter(([method]) => method !== "getBlock"))("another id, %s %p", async (method, params) => {
    const lie = lying(method, (json) => json.replace(`"id":"${at(3).id}"`, `"id":"${at(4).id}"`));
    expect(await reasonOf(ask(lie, method, params()))).toBeInstanceOf(AnswerError);
  });

  test.each(calls.filter(([method]) => !/stamp|Receipt/.test(method)))("other data, %s %p", async (method, params) => {
    for (const other of ['"0x00"', '"0xzz"', '"00"', '""']) {
      const lie = lying(method, (json) => json.replace(`"${data(3)}"`, other));
      expect(await reasonOf(ask(lie, method, params()))).toBeInstanceOf(AnswerError);
    }
  });

  test.each<readonly [string, MethodName, Params, (json: string) => string]>([
    ["a block out of its place", "getBlocks", { order: "ascending", limit: 1, from: 2n }, () => pageOf(3)],
    ["a block above the first", "getBlocks", { from: 2n }, () => pageOf(3)],
    ["a gap", "getBlocks", { order: "ascending" }, () => pageOf(1, 3)],
    ["a block twice", "getBlocks", {}, () => pageOf(3, 3)],
    ["a later block", "getBlockAt", { timestamp: now + 5n }, () => `{"block":${jsonOf(9)}}`],
    ["another block that was asked for by its id", "getBlock", { id: at(3).id }, () => `{"block":${classicOf(4)}}`],
    ["a block with other data", "find", { digest: digest(3) }, () => foundOf(4, "data")],
    ["a block that is said to carry the SHA-256", "find", { digest: digest(3) }, () => foundOf(3, "digest")],
    ["a receipt of something else", "getReceipt", { id: digest(3) }, (json) => json.replace(digest(3), digest(4))],
  ])("%s", async (_name, method, params, change) => {
    expect(await reasonOf(ask(lying(method, change), method, params))).toBeInstanceOf(AnswerError);
  });
});

function pageOf(...heights: readonly number[]): string {
  return `{"blocks":[${heights.map(jsonOf).join(",")}]}`;
}

function jsonOf(height: number): string {
  const { id, parentId, timestamp } = at(height);
  return `{"id":"${id}","height":"${height}n","parentId":"${parentId}","timestamp":"${timestamp}n","data":"${data(height)}"}`;
}

function foundOf(height: number, match: string): string {
  return `{"blocks":[${jsonOf(height).replace("}", `,"match":"${match}"}`)}]}`;
}

function classicOf(height: number): string {
  return jsonOf(height).replace("parentId", "parent_id");
}

describe("a block that somebody encoded otherwise", () => {
  const block = { id: at(3).id, height: 3n, parentId: at(3).parentId, timestamp: at(3).timestamp, data: "0x77" };

  /** A server with that block, which answers `getProof` so. */
  function serverWith(proof: () => unknown): CallApi {
    const answers: Readonly<Record<string, () => unknown>> = {
      getBlockByHeight: () => ({ block: { ...block, status: "accepted" } }),
      getProof: proof,
    };
    return checkAnswers(async (method) => answers[method]?.() as never);
  }

  test("is believed if its bytes say the same", async () => {
    const { vm } = startVm();
    const other = spaced(childOf(genesis, "spaced"));
    acceptAll(vm, [other]);
    const checked = checkAnswers(callOf(new RpcClient(vm)));
    const { id, status } = await checked("stamp", { data: `0x${other.data.toHex()}` });
    expect({ id, status }).toEqual({ id: `0x${digestOf(other.data)}`, status: "accepted" });
    expect((await checked("getBlockByHeight", { height: 1 })).block.id).toBe(other.id);
  });

  test("is not if they say something else, or there are none", async () => {
    for (const proof of [
      () => ({ proof: { blocks: [`0x${at(3).bytes.toHex()}`] } }),
      () => ({ proof: { blocks: ["0x00"] } }),
      () => ({ proof: { blocks: [] } }),
      () => {
        throw new RpcError(-32601, "no such method");
      },
    ]) {
      const refused = reasonOf(serverWith(proof)("getBlockByHeight", { height: 3 }));
      expect(await refused).toBeInstanceOf(AnswerError);
    }
  });

  test("is believed if the server says that its bytes are lost", async () => {
    const server = serverWith(() => {
      throw new RpcError(-32603, "no proof", { code: "no proof", id: block.id });
    });
    expect((await server("getBlockByHeight", { height: 3 })).block.data).toBe("0x77");
  });
});
