import { expect, test } from "bun:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Refusal, VmError } from "../../src/core/errors.ts";
import { zeroId } from "../../src/core/id.ts";
import { toConnectError } from "../../src/rpcchainvm/grpc-error.ts";

const id = zeroId;
const file = "/chain/timestampvm.db";

const rows: readonly (readonly [Code, Refusal])[] = [
  [Code.InvalidArgument, { code: "malformed block", problem: "x" }],
  [Code.InvalidArgument, { code: "malformed genesis", problem: "x" }],
  [Code.InvalidArgument, { code: "malformed id", problem: "x" }],
  [Code.InvalidArgument, { code: "malformed config", problem: "x" }],
  [Code.InvalidArgument, { code: "data too large", bytes: 2, maxBytes: 1 }],
  [Code.ResourceExhausted, { code: "mempool full", items: 1, bytes: 1 }],
  [Code.ResourceExhausted, { code: "too many processing", bytes: 2, maxBytes: 1 }],
  [Code.FailedPrecondition, { code: "unknown parent", parentId: id }],
  [Code.FailedPrecondition, { code: "wrong height", height: 2n, parentHeight: 0n }],
  [Code.FailedPrecondition, { code: "timestamp before parent", timestamp: 1n, parentTimestamp: 2n }],
  [Code.FailedPrecondition, { code: "future timestamp", timestamp: 9_999n, now: 1n }],
  [Code.FailedPrecondition, { code: "nothing to build" }],
  [Code.FailedPrecondition, { code: "height decided", height: 1n, lastAcceptedHeight: 1n }],
  [Code.FailedPrecondition, { code: "not processing", id }],
  [Code.FailedPrecondition, { code: "already accepted", id }],
  [Code.FailedPrecondition, { code: "already rejected", id }],
  [Code.FailedPrecondition, { code: "not next", id, parentId: id, lastAcceptedId: id }],
  [Code.FailedPrecondition, { code: "not initialized" }],
  [Code.FailedPrecondition, { code: "already initialized" }],
  [Code.NotFound, { code: "unknown block" }],
  [Code.Unavailable, { code: "shut down" }],
  [Code.Unavailable, { code: "database in use", file }],
  [Code.DataLoss, { code: "database failed", file, problem: "it is damaged", cure: "delete it" }],
];

test.each(rows.map(([code, refusal]) => [refusal.code, Code[code], refusal, code] as const))(
  "%s is %s, in its own words",
  (_name, _status, refusal, code) => {
    const error = toConnectError(new VmError(refusal));
    expect(error).toMatchObject({ code, rawMessage: new VmError(refusal).message });
  },
);

test("an error of gRPC stays what it is", () => {
  const error = new ConnectError("gone", Code.Canceled);
  expect(toConnectError(error)).toBe(error);
});

test("anything else is a bug: INTERNAL, with its text", () => {
  for (const [thrown, text] of [
    [new TypeError("x is undefined"), "internal error: TypeError: x is undefined"],
    ["a text", "internal error: a text"],
    [undefined, "internal error: undefined"],
    [null, "internal error: null"],
  ] as const) {
    expect(toConnectError(thrown)).toMatchObject({ code: Code.Internal, rawMessage: text });
  }
});
