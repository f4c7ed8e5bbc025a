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
    ["a next page that begins at its last block", "find", { digest: digest(3) }, () => foundOf(3, "data", 3)],
    ["a next page behind nothing", "find", { digest: digest(3) }, () => emptyBefore(5)],
    ["a next page that is this one", "getBlocks", { from: 3n }, () => pageOf(3).replace("]}", '],"next":"3n"}')],
    ["a next page that leaves out a block", "getBlocks", { from: 3n }, () => pageOf(3).replace("]}", '],"next":"1n"}')],
    [
      "a next page that is this one, ascending",
      "getBlocks",
      { from: 3n, order: "ascending" },
      () => pageOf(3).replace("]}", '],"next":"3n"}'),
    ],
    ["a next page further behind nothing", "getBlocks", { from: 30n, order: "ascending" }, () => emptyBefore(31)],
    ["a next page below nothing", "getBlocks", { from: 30n }, () => emptyBefore(30)],
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

function emptyBefore(next: number): string {
  return `{"blocks":[],"next":"${next}n"}`;
}

function foundOf(height: number, match: string, next?: number): string {
  const end = next === undefined ? "" : `,"next":"${next}n"`;
  return `{"blocks":[${jsonOf(height).replace("}", `,"match":"${match}"}`)}]${end}}`;
}

function classicOf(height: number): string {
  return jsonOf(height).replace("parentId", "parent_id");
}

describe("what a node knows of a time", () => {
  const { timestamp } = at(3);
  const sight = (time: bigint) => `"firstSight":{"time":"${time}n","node":"NodeID-1","own":true}`;
  const others = `"firstSight":{"time":"1n","node":"NodeID-1","own":false}`;
  /** The server says `known` of block 3, in whatever answer it is. */
  const saying = (method: MethodName, known: string): CallApi =>
    lying(method, (json) =>
      json.replace(
        new RegExp(`("timestamp":"${timestamp}n"[^{}]*?\\}?),"claim":"confirmed","firstSight":\\{[^}]*\\}`),
        (_all, before) => `${before}${known === "" ? "" : `,${known}`}`,
      ),
    );

  test.each([
    ["no claim, as of an older server", ""],
    ["that it did not see it", '"claim":"unconfirmed"'],
    ["that it saw it a minute before", `"claim":"confirmed",${sight(timestamp - 60n)}`],
    ["that it saw it over a minute before", `"claim":"false",${sight(timestamp - 60n)}`],
    ["that it was nearly refused", `"claim":"false",${sight(timestamp - 3_599n)}`],
    ["that it saw it a minute after", `"claim":"confirmed",${sight(timestamp + 60n)}`],
    ["that it saw it over a minute after", `"claim":"unconfirmed",${sight(timestamp + 61n)}`],
    ["another's word", `"claim":"unconfirmed",${others}`],
  ])("is believed: %s", async (_what, known) => {
    for (const [method, params] of calls) {
      const answer = await ask(saying(method, known), method, params());
      const json = JSON.stringify(answer, (_key, value) => (typeof value === "bigint" ? `${value}n` : value));
      expect(json).toContain(known);
    }
  });

  test.each([
    ["that it was there before any node took it", `"claim":"false",${sight(timestamp - 3_600n)}`],
    ["that it was there at a time before 1970", `"claim":"unconfirmed",${sight(-1n)}`],
    ["that another saw it before 1970", `"claim":"unconfirmed",${others.replace("1n", "-1n")}`],
    ["that it was there at no time", `"claim":"confirmed",${sight(timestamp).replace(/"\d+n"/, '"now"')}`],
    ["that it is so, without a sight", '"claim":"confirmed"'],
    ["that it is not so, without a sight", '"claim":"false"'],
    ["that it is so, by another's word", `"claim":"confirmed",${others}`],
    ["that it is not so, by another's word", `"claim":"false",${others}`],
    ["that it is so, though it saw it before", `"claim":"confirmed",${sight(timestamp - 61n)}`],
    ["that it is so, though it saw it later", `"claim":"confirmed",${sight(timestamp + 61n)}`],
    ["that it is not so, though it saw it then", `"claim":"false",${sight(timestamp - 59n)}`],
    ["that it cannot say, though it saw it then", `"claim":"unconfirmed",${sight(timestamp)}`],
    ["a word that is none", '"claim":"maybe"'],
  ])("is not believed: %s", async (_what, known) => {
    for (const [method, params] of calls) {
      expect(await reasonOf(ask(saying(method, known), method, params()))).toBeInstanceOf(AnswerError);
    }
  });

  test("is nothing of genesis, which nobody proposed", async () => {
    for (const known of ['"claim":"confirmed"', sight(now)]) {
      const lie = lying("getBlockByHeight", (json) => json.replace(/\}\}$/, `,${known}}}`));
      expect(await reasonOf(ask(lie, "getBlockByHeight", { height: 0 }))).toBeInstanceOf(AnswerError);
    }
  });
});

describe("a block that somebody encoded otherwise", () => {
  const block = { id: at(3).id, height: 3n, parentId: at(3).parentId, timestamp: at(3).timestamp, data: "0x77" };

  /** A server with that block, which answers `getProof` so. */
  function serverWith(proof: () => unknown, known: object = {}): CallApi {
    const answers: Readonly<Record<string, () => unknown>> = {
      getBlockByHeight: () => ({ block: { ...block, ...known, status: "accepted" } }),
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

  test("is believed only if the server says that its bytes are lost, also in the block", async () => {
    const noProof = () => {
      throw new RpcError(-32001, "no proof", { code: "no proof", id: block.id });
    };
    const lost = { claim: "unconfirmed", reencoded: true } as const;
    const server = serverWith(noProof, lost);
    expect((await server("getBlockByHeight", { height: 3 })).block.data).toBe("0x77");
    for (const known of [{}, { claim: "unconfirmed" }, { reencoded: true }] as const) {
      const refused = reasonOf(serverWith(noProof, known)("getBlockByHeight", { height: 3 }));
      expect(await refused).toBeInstanceOf(AnswerError);
    }
  });
});
