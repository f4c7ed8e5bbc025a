import { describe, expect, test } from "bun:test";
import { createClient } from "../../src/client/client.ts";
import { refusalOf } from "../../src/client/errors.ts";
import { RpcError } from "../../src/client/rpc-error.ts";
import { reasonOf } from "../support/promise.ts";
import { serveAnswer } from "./answering-server.ts";

/** What a call rejects with when a server answers with this error. */
async function failureOf(error: string): Promise<unknown> {
  using server = serveAnswer(`{"jsonrpc":"2.0","id":1,"error":${error}}`);
  return await reasonOf(createClient(server.url)("lastAccepted", undefined));
}

test.each([
  ['{"jsonrpc":"2.0","id":77,"result":{"id":"b"}}', "another id"],
  ['{"jsonrpc":"2.0","result":{"id":"b"}}', "no id"],
  ['{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"no"}}', "an error with another id"],
])("what answers another request is no answer: %s", async (text) => {
  using server = serveAnswer(text);
  const reason = await reasonOf(createClient(server.url)("lastAccepted", undefined));
  expect(reason).toMatchObject({ name: "NoAnswerError", refusal: { code: "no json-rpc" } });
});

test("an error without an id is the answer to a request that the server could not read", async () => {
  using server = serveAnswer('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}');
  expect(await reasonOf(createClient(server.url)("lastAccepted", undefined))).toMatchObject({ code: -32700 });
});

describe("why a server refuses", () => {
  test("is typed, with every digit", async () => {
    const data = '{"code":"mempool full","items":18446744073709551615,"bytes":1.0,"more":"of a newer server"}';
    const error = await failureOf(`{"code":-32603,"message":"full","data":${data}}`);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: -32603, message: "full" });
    expect(refusalOf(error)).toEqual({ code: "mempool full", items: 2n ** 64n - 1n, bytes: 1n });
  });

  test.each([
    ["nothing", "", undefined],
    ["null", ',"data":null', null],
    ["a text", ',"data":"because"', "because"],
    ["a code that is not known", ',"data":{"code":"new","of":5}', { code: "new", of: 5n }],
    ["a code without its fields", ',"data":{"code":"mempool full"}', { code: "mempool full" }],
    ["a field of another kind", ',"data":{"code":"no proof","id":5}', { code: "no proof", id: 5n }],
  ])("is kept as it came where it is %s", async (_name, member, data) => {
    const error = await failureOf(`{"code":-32603,"message":"not found"${member}}`);
    expect(refusalOf(error)).toBeUndefined();
    expect(error).toMatchObject({ message: "not found" });
    expect((error as RpcError).data).toEqual(data);
  });

  test.each([
    ["any other error", new Error("x")],
    ["no error", { data: { code: "unknown block" } }],
    ["undefined", undefined],
  ])("is none of %s", (_name, error) => {
    expect(refusalOf(error)).toBeUndefined();
  });
});
