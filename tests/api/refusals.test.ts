import { describe, expect, test } from "bun:test";
import { answerJsonRpc } from "../../src/api/json-rpc.ts";
import { toApiRefusal } from "../../src/api/refusals.ts";
import type { Method } from "../../src/api/request.ts";
import { IdError } from "../../src/avalanche/id.ts";
import { ChainError } from "../../src/core/errors.ts";
import { ProofError } from "../../src/proof/errors.ts";
import { FileError } from "../../src/store/errors.ts";
import { LimitError } from "../../src/vm/limit-error.ts";
import { close, viewOf } from "../support/api.ts";
import { callerOf } from "../support/caller.ts";
import { genesis, startVm } from "../support/chain.ts";
import { RpcClient } from "./rpc.ts";

async function answerOf(method: Method): Promise<string | undefined> {
  const request = '{"jsonrpc":"2.0","id":1,"method":"fail"}';
  return answerJsonRpc(new Map([["fail", method]]), request, callerOf());
}

describe("what a client learns", () => {
  test.each<readonly [data: string, error: () => Error, number?: number]>([
    ['{"code":"unknown block"}', () => new ChainError({ code: "unknown block" }), -32001],
    [
      '{"code":"data too large","bytes":9007199254740991,"maxBytes":5}',
      () => new ChainError({ code: "data too large", bytes: 9_007_199_254_740_991, maxBytes: 5 }),
      -32000,
    ],
    ['{"code":"mempool full","items":2,"bytes":3}', () => new ChainError({ code: "mempool full", items: 2, bytes: 3 })],
    ['{"code":"shut down"}', () => new ChainError({ code: "shut down" })],
    [`{"code":"no proof","id":"${genesis.id}"}`, () => new ProofError({ code: "no proof", id: genesis.id }), -32001],
    ['{"code":"too many waiting","waiting":7}', () => new LimitError({ code: "too many waiting", waiting: 7 })],
    ['{"code":"database in use"}', () => new FileError({ code: "database in use", file: "/secret/place" })],
    [
      '{"code":"database failed","problem":"it is full","cure":"make room"}',
      () => new FileError({ code: "database failed", file: "/secret/place", problem: "it is full", cure: "make room" }),
    ],
  ])("beside the words as they are: %s", async (data, createError, number = -32603) => {
    const error = createError();
    const message = JSON.stringify(error.message);
    for (const fail of [() => Promise.reject(error), () => throwing(error)]) {
      expect(await answerOf(fail)).toBe(
        `{"jsonrpc":"2.0","error":{"code":${number},"message":${message},"data":${data}},"id":1}`,
      );
    }
  });

  test.each([
    ["another member", { digest: "00".repeat(32), hieght: 1 }, undefined],
    ["a wrong one", { digest: "00".repeat(32), from: -1 }, "from"],
    ["none of two", {}, undefined],
  ])("of parameters with %s: which one, if it is one", async (_name, params, parameter) => {
    const { error } = await new RpcClient().call("find", params);
    expect(error?.data).toEqual({ code: "invalid params", ...(parameter !== undefined && { parameter }) });
  });

  test("of a parameter that is missing, or that the chain does not take", async () => {
    const rpc = new RpcClient();
    expect((await rpc.call("getBlock", {})).error?.data).toEqual({ code: "invalid params", parameter: "id" });
    expect((await rpc.call("getProof", { id: genesis.id, to: "x" })).error?.data).toEqual({
      code: "invalid params",
      parameter: "to",
    });
  });

  test("of a node that ends", async () => {
    const { vm } = startVm();
    const rpc = new RpcClient(vm);
    const waiting = rpc.call("getBlocks", { from: 9, order: "ascending", waitMs: 20_000 });
    while (viewOf(vm).confirmed.waiting === 0) await new Promise(setImmediate);
    close(vm);
    expect((await waiting).error?.data).toEqual({ code: "shut down" });
    expect((await rpc.call("proposeBlock", { data: "" })).error?.data).toEqual({ code: "shut down" });
  });
});

describe("an error that no method should throw is a bug, of which a client learns nothing:", () => {
  test.each<readonly [string, () => Error]>([
    ["what consensus is refused", () => new ChainError({ code: "nothing to build" })],
    ["a rule of blocks", () => new ChainError({ code: "malformed block", problem: "secret" })],
    ["what is no proof", () => new ProofError({ code: "malformed proof", problem: "secret" })],
    ["what is no id", () => new IdError("secret")],
    ["any other error", () => new TypeError("secret")],
  ])("%s", async (_name, createError) => {
    const error = createError();
    expect(toApiRefusal(error)).toBeUndefined();
    await expect(answerOf(() => throwing(error))).rejects.toBe(error);
  });
});

function throwing(error: Error): never {
  throw error;
}
