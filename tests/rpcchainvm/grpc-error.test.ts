import { expect, test } from "bun:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { IdError } from "../../src/avalanche/id.ts";
import { toConnectError } from "../../src/rpcchainvm/grpc/error.ts";

const noStatus = () => undefined;

test("what a VM refuses has the status that it says, in its own words", () => {
  const error = toConnectError(new RangeError("too much"), () => Code.OutOfRange);
  expect(error).toMatchObject({ code: Code.OutOfRange, rawMessage: "too much" });
});

test("what is no id is an invalid argument, whatever the VM says", () => {
  const error = toConnectError(new IdError("x"), noStatus);
  expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "malformed id: x" });
});

test("an error of gRPC stays what it is", () => {
  const error = new ConnectError("gone", Code.Canceled);
  expect(toConnectError(error, noStatus)).toBe(error);
});

test("anything else is a bug: INTERNAL, with its text", () => {
  for (const [thrown, text] of [
    [new TypeError("x is undefined"), "internal error: TypeError: x is undefined"],
    ["a text", "internal error: a text"],
    [undefined, "internal error: undefined"],
    [null, "internal error: null"],
    [Object.create(null), "internal error: an object without a text"],
  ] as const) {
    expect(toConnectError(thrown, noStatus)).toMatchObject({ code: Code.Internal, rawMessage: text });
  }
});

test("a VM that cannot say the status has a bug as well", () => {
  const fail = () => {
    throw new TypeError("y is undefined");
  };
  expect(toConnectError(new Error("x"), fail)).toMatchObject({
    code: Code.Internal,
    rawMessage: "internal error: TypeError: y is undefined",
  });
});
