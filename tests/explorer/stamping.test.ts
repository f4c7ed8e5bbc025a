import { describe, expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import type { ResultOf } from "../../src/client/contract.ts";
import { stampOf } from "../../src/explorer/browser/stamping.ts";
import { reasonOf } from "../support/promise.ts";

const block = { id: "b", height: 1n, timestamp: 2n };
const first = { id: "0xaa", status: "accepted", block } as const;
const salted = { id: "0xbb", status: "pending", nonce: "0x01" } as const;
const second = { id: "0xbb", status: "accepted", block: { ...block, height: 9n } } as const;
const { signal } = new AbortController();

/** A node that answers `stamp` with a salted stamp, and `getReceipt` with these in turn. */
function nodeThat(...receipts: readonly (ResultOf<"getReceipt"> | Error)[]) {
  const left = [...receipts];
  const asked: string[] = [];
  const call: CallApi = async (method) => {
    asked.push(method);
    const answer = method === "stamp" ? { ...first, salted } : left.shift();
    if (answer instanceof Error) throw answer;
    return answer as ResultOf<typeof method>;
  };
  return { call, asked };
}

describe("a salted stamp", () => {
  test("tells its nonce before it waits", async () => {
    const events: string[] = [];
    const { call } = nodeThat(second);
    const stamp = stampOf("aa", (nonce) => events.push(nonce));
    const noting: CallApi = (method, ...rest) => {
      events.push(method);
      return call(method, ...rest);
    };
    expect(await stamp(noting, () => {}, signal)).toEqual({ nonce: "0x01", block: second.block });
    expect(events).toEqual(["stamp", "0x01", "getReceipt"]);
  });

  test("whose wait failed is waited for again, and not made a second time", async () => {
    const { call, asked } = nodeThat(new Error("gone"), second);
    const stamp = stampOf("aa", () => {});
    expect(await reasonOf(stamp(call, () => {}, signal))).toEqual(new Error("gone"));
    expect(await stamp(call, () => {}, signal)).toEqual({ nonce: "0x01", block: second.block });
    expect(asked).toEqual(["stamp", "getReceipt", "getReceipt"]);
  });

  test("that the node has forgotten is made once more", async () => {
    const { call, asked } = nodeThat({ id: "0xbb", status: "unknown" }, second);
    const stamp = stampOf("aa", () => {});
    expect(String(await reasonOf(stamp(call, () => {}, signal)))).toContain("Stamp it again");
    expect(await stamp(call, () => {}, signal)).toBeDefined();
    expect(asked).toEqual(["stamp", "getReceipt", "stamp", "getReceipt"]);
  });
});
