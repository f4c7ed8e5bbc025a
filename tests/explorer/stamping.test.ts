import { describe, expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import type { ResultOf } from "../../src/client/contract.ts";
import { digestOf, digestToBytes } from "../../src/core/digest.ts";
import { saltedDigest } from "../../src/core/salted-digest.ts";
import {
  bestOf,
  type Found,
  findStamps,
  isStamped,
  type Stamps,
  stampOf,
  subjectOf,
} from "../../src/explorer/browser/stamping.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, startVm } from "../support/chain.ts";
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

const digest = digestOf(bytesOf("a file"));

test("the blocks with a digest are found, the lowest first; the proof of a salted stamp is about its nonce", async () => {
  const { vm } = startVm();
  const call = callOf(new RpcClient(vm));
  const find = (wanted: string) => findStamps(call, wanted, signal);
  expect(isStamped(await find(digest))).toBe(false);
  const thief = childOf(genesis, digestToBytes(digest), 1n);
  acceptAll(vm, [thief]);
  const { salted } = await call("stamp", { digest });
  const own = decideNext(vm);
  const found = await find(digest);
  expect([isStamped(found), found.map(({ id }) => id)]).toEqual([true, [thief.id]]);
  const subject = subjectOf(digest, { nonce: salted?.nonce ?? "", block: own });
  if (!("digest" in subject) || subject.nonce === undefined) throw new Error("the subject has no nonce");
  expect((await find(saltedDigest(subject.digest, subject.nonce))).map(({ id }) => id)).toEqual([own.id]);
});

/** A chain that answers for the page; `beforeWait` runs before it is asked for a receipt. */
function chainThat(beforeWait: (vm: ReturnType<typeof startVm>["vm"], id: string) => void) {
  const { vm } = startVm();
  const asked: string[] = [];
  const call = callOf(new RpcClient(vm));
  const spied: CallApi = (method, params, signal) => {
    asked.push(method);
    if (method === "getReceipt") beforeWait(vm, (params as { readonly id: string }).id);
    return call(method, params, signal);
  };
  return { asked, stamp: () => stampOf(digest, () => {})(spied, () => {}, signal) };
}

test("a stamp that another takes while it waits is stamped once more, beside his block", async () => {
  const ids = new Set<string>();
  const { asked, stamp } = chainThat((vm, id) => {
    if (ids.has(id)) return;
    if (ids.size === 0) acceptAll(vm, [childOf(genesis, digestToBytes(digest), 1n)]);
    else decideNext(vm);
    ids.add(id);
  });
  const salted = await stamp();
  expect(asked.filter((method) => method === "stamp")).toHaveLength(2);
  const nonce = Uint8Array.fromHex(salted?.nonce.slice(2) ?? "");
  expect([...ids][1]).toBe(`0x${digestOf(digestToBytes(saltedDigest(digest, nonce)))}`);
  expect(salted?.block).toMatchObject({ height: 2n, claim: "confirmed" });
});

test("a stamp in a block of the node's own is not", async () => {
  const { asked, stamp } = chainThat((vm) => void decideNext(vm));
  expect(await stamp()).toBeUndefined();
  expect(asked).toEqual(["stamp", "getReceipt"]);
});

test("the stamp that proves most is the first that the node confirms, or else the first", () => {
  const stampAt = (height: bigint, claim?: "confirmed") => ({ height, ...(claim && { claim }) }) as Found;
  const stamps = (first: Found, ...others: readonly Found[]): Stamps => [first, ...others];
  expect(bestOf(stamps(stampAt(3n), stampAt(5n, "confirmed"), stampAt(7n, "confirmed"))).height).toBe(5n);
  expect(bestOf(stamps(stampAt(3n), stampAt(5n))).height).toBe(3n);
});
