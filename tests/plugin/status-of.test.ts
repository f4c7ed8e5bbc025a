import { expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import { IdError, zeroId } from "../../src/avalanche/id.ts";
import { ChainError, type ChainRefusal } from "../../src/core/errors.ts";
import { statusOf } from "../../src/plugin/status-of.ts";
import { FileError, type FileRefusal } from "../../src/store/errors.ts";

const id = zeroId;
const file = "/chain/timestampvm.db";

const rows: readonly (readonly [Code, ChainRefusal | FileRefusal])[] = [
  [Code.InvalidArgument, { code: "malformed block", problem: "x" }],
  [Code.InvalidArgument, { code: "malformed genesis", problem: "x" }],
  [Code.InvalidArgument, { code: "malformed config", problem: "x" }],
  [Code.InvalidArgument, { code: "data too large", bytes: 2, maxBytes: 1 }],
  [Code.ResourceExhausted, { code: "mempool full", items: 1, bytes: 1 }],
  [Code.ResourceExhausted, { code: "too many processing", bytes: 2, maxBytes: 1 }],
  [Code.FailedPrecondition, { code: "unknown parent", parentId: id }],
  [Code.FailedPrecondition, { code: "wrong height", height: 2n, parentHeight: 0n }],
  [Code.FailedPrecondition, { code: "timestamp before parent", timestamp: 1n, parentTimestamp: 2n }],
  [Code.FailedPrecondition, { code: "future timestamp", timestamp: 9_999n, now: 1n }],
  [Code.FailedPrecondition, { code: "nothing to build" }],
  [Code.FailedPrecondition, { code: "too early", waitMs: 1 }],
  [Code.FailedPrecondition, { code: "height decided", height: 1n, lastAcceptedHeight: 1n }],
  [Code.FailedPrecondition, { code: "not processing", id }],
  [Code.FailedPrecondition, { code: "already accepted", id }],
  [Code.FailedPrecondition, { code: "already rejected", id }],
  [Code.FailedPrecondition, { code: "not next", id, parentId: id, lastAcceptedId: id }],
  [Code.NotFound, { code: "unknown block" }],
  [Code.Unavailable, { code: "shut down" }],
  [Code.Unavailable, { code: "database in use", file }],
  [Code.DataLoss, { code: "database failed", file, problem: "it is damaged", cure: "delete it" }],
];

test.each(rows.map(([code, refusal]) => [refusal.code, Code[code], refusal, code] as const))(
  "%s is %s",
  (_name, _status, refusal, code) => expect(statusOf(errorOf(refusal))).toBe(code),
);

test("any other error is a bug, and has none", () => {
  for (const error of [new TypeError("x"), new IdError("x"), "a text", undefined])
    expect(statusOf(error)).toBeUndefined();
});

function errorOf(refusal: ChainRefusal | FileRefusal): Error {
  return refusal.code === "database in use" || refusal.code === "database failed"
    ? new FileError(refusal)
    : new ChainError(refusal);
}
