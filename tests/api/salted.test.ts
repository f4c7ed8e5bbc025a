import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { maxSameStamps } from "../../src/api/stamping.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, startVm } from "../support/chain.ts";
import { callOf, RpcClient } from "./rpc.ts";

const data = bytesOf("the victim's");
const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};
const hex = (bytes: Uint8Array) => `0x${bytes.toHex()}`;

/** A chain on which somebody else's block carries `stolen`, and claims the time of genesis. */
function chainOfThief(stolen: Uint8Array) {
  const { vm } = startVm();
  const block = childOf(genesis, stolen, 1n);
  acceptAll(vm, [block]);
  return { vm, call: callOf(new RpcClient(vm)), block };
}

describe("data that stands only in a block of a false time", () => {
  test.each([
    ["its digest", sha256(data), { digest: hex(sha256(data)) }],
    ["the data", data, { data: hex(data) }],
  ])("is stamped beside it under a salted digest: %s", async (_what, stolen, subject) => {
    const { vm, call, block } = chainOfThief(stolen);
    const { salted, ...receipt } = await call("stamp", subject);
    expect(receipt).toMatchObject({ status: "accepted", block: { id: block.id, timestamp: 1n, claim: "unconfirmed" } });
    const nonce = Uint8Array.fromHex(salted?.nonce.slice(2) ?? "");
    expect(nonce).toHaveLength(16);
    const carried = sha256(sha256(data), nonce);
    expect(salted).toMatchObject({ id: hex(sha256(carried)), status: "pending" });
    const own = decideNext(vm);
    expect(own.data).toEqual(carried);
    const later = await call("getReceipt", { id: salted?.id ?? "" });
    expect(later).toMatchObject({ status: "accepted", block: { id: own.id, timestamp: now, claim: "confirmed" } });
  });

  test("is stamped beside it once, however often it is sent", async () => {
    const { vm, call } = chainOfThief(data);
    const send = () => call("stamp", { data: hex(data) }).then(({ salted }) => salted);
    const [first, atOnce] = await Promise.all([send(), send()]);
    expect(atOnce).toEqual(first);
    const own = decideNext(vm);
    expect(await send()).toMatchObject({ id: first?.id, nonce: first?.nonce, block: { id: own.id } });
    expect(vm.status().mempool.items).toBe(0);
  });

  test("gets another nonce when the thief carries the salted digest too", async () => {
    const { vm, call, block } = chainOfThief(data);
    const { salted: first } = await call("stamp", { data: hex(data) });
    const stolen = sha256(sha256(data), Uint8Array.fromHex(first?.nonce.slice(2) ?? ""));
    acceptAll(vm, [childOf(block, stolen, 1n)]);
    const { salted } = await call("stamp", { data: hex(data) });
    expect(salted?.status).toBe("pending");
    expect(salted?.nonce).not.toBe(first?.nonce);
    expect(decideNext(vm).data).toEqual(sha256(sha256(data), Uint8Array.fromHex(salted?.nonce.slice(2) ?? "")));
  });

  test("is not stamped again once a block of a confirmed time carries it", async () => {
    const { vm, call } = chainOfThief(data);
    await call("proposeBlock", { data: hex(data) });
    const own = decideNext(vm);
    const receipt = await call("stamp", { data: hex(data) });
    expect(receipt).toMatchObject({ status: "accepted", block: { id: own.id, claim: "confirmed" } });
    expect(receipt.salted).toBeUndefined();
    expect(vm.status().mempool.items).toBe(0);
  });

  test("is looked for in so many blocks: whoever makes more holds up nobody", async () => {
    const { vm, call, block } = chainOfThief(data);
    for (let parent = block, i = 1; i < maxSameStamps; i++) {
      parent = childOf(parent, data, 1n);
      acceptAll(vm, [parent]);
    }
    await call("proposeBlock", { data: hex(data) });
    decideNext(vm);
    const { salted, ...receipt } = await call("stamp", { data: hex(data) });
    expect([receipt.block?.id, salted?.status]).toEqual([block.id, "pending"]);
  });
});

test("data in a block that this node saw before its time is stamped once: it was there by then", async () => {
  const { vm } = startVm();
  acceptAll(vm, [childOf(genesis, data, now + 61n)]);
  const receipt = await callOf(new RpcClient(vm))("stamp", { data: hex(data) });
  expect(receipt).toMatchObject({ status: "accepted", block: { claim: "false" } });
  expect(receipt.salted).toBeUndefined();
});
