import { expect, test } from "bun:test";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { refusalOf } from "../support/refusal.ts";

test("a node id is written as AvalancheGo writes it", () => {
  // avalanchego v1.14.2, ids/node_id_test.go:163
  expect(nodeIdFromBytes(new Uint8Array(20))).toBe("NodeID-111111111111111111116DBWJs" as never);
});

test.each([0, 19, 21, 32])("%d bytes are none", (length) => {
  expect(refusalOf(() => nodeIdFromBytes(new Uint8Array(length)))).toEqual({
    code: "malformed id",
    problem: `${length} bytes instead of 20`,
  });
});
