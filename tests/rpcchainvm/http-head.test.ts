import { expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { HandleSimpleHTTPRequestSchema, HTTPRequestSchema } from "../../gen/http/http_pb.ts";
import { hasLargeHead, maxHeadBytes, maxHeadFields } from "../../src/rpcchainvm/services/http-head.ts";

const simple = (fields: object) =>
  hasLargeHead(toBinary(HandleSimpleHTTPRequestSchema, create(HandleSimpleHTTPRequestSchema, fields)), [4]);
const whole = (request: object) =>
  hasLargeHead(toBinary(HTTPRequestSchema, create(HTTPRequestSchema, { request })), [2, 7]);
const body = new Uint8Array(4 * maxHeadBytes);
const headers = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `h${i}`, values: ["v"] }));

test("a body of any size is none of the head", () => {
  expect([simple({ body }), whole({ body })]).toEqual([false, false]);
});

test.each([
  ["a long URL", { url: "x".repeat(maxHeadBytes) }, { requestUri: "x".repeat(maxHeadBytes) }],
  ["many headers", { requestHeaders: headers(maxHeadFields + 1) }, { header: headers(maxHeadFields + 1) }],
  [
    "a header of many values",
    { requestHeaders: [{ key: "a", values: Array(70_000).fill("") }] },
    { header: [{ key: "a", values: Array(70_000).fill("") }] },
  ],
])("%s is too much, beside a body as without one", (_what, ofSimple, ofWhole) => {
  const isLarge = [simple(ofSimple), simple({ ...ofSimple, body }), whole(ofWhole), whole({ ...ofWhole, body })];
  expect(isLarge).toEqual([true, true, true, true]);
});

test("a hundred headers, and cookies of 100 kB, are taken", () => {
  expect(simple({ requestHeaders: headers(100), url: "/rpc", body })).toBe(false);
  expect(simple({ requestHeaders: [{ key: "Cookie", values: ["c".repeat(100_000)] }] })).toBe(false);
});

test("what is no message is left to those who read it", () => {
  expect(hasLargeHead(new Uint8Array(10_000).fill(0xff), [4])).toBe(false);
});
