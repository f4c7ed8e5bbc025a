import { expect, test } from "bun:test";
import { rootStamper } from "../../src/calendar/stamp-root.ts";
import type { CallApi } from "../../src/client/client.ts";
import { Log } from "../../src/log.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { within } from "../fake-node/deadline.ts";
import { acceptAll, childOf, decideNext, genesis, startVm } from "../support/chain.ts";
import { reasonOf, until } from "../support/promise.ts";
import { sha256, someDigests } from "./answers.ts";

/** A chain on which a test decides, and roots that are stamped on it. Its clock stands, so that no call waits there. */
function start() {
  const { vm } = startVm();
  const waiting = callOf(new RpcClient(vm));
  const call: CallApi = (method, params) =>
    waiting(method, method === "getReceipt" ? { ...params, waitMs: 0 } : params);
  const stampRoot = rootStamper(call, new Log(() => {}));
  const waits = (count: number) =>
    within(
      "a proposal",
      until(() => vm.status().mempool.items === count),
    );
  return { vm, stampRoot, waits };
}

const later = () => performance.now() + 60_000;
const [root = new Uint8Array()] = someDigests(1);

test("a root is carried by the block that the node accepts", async () => {
  const { vm, stampRoot, waits } = start();
  const stamped = stampRoot(root, later());
  await waits(1);
  const block = decideNext(vm);
  expect(await within("the answer", stamped)).toMatchObject([{ block: { id: block.id, data: root } }]);
});

test("a root that a thief has carried off has both blocks, the own one with a nonce", async () => {
  const { vm, stampRoot, waits } = start();
  const stamped = stampRoot(root, later());
  await waits(1);
  const theft = childOf(genesis, root, 1n);
  acceptAll(vm, [theft]);
  vm.setPreference(theft.id);
  await waits(1);
  const own = decideNext(vm);
  const [stolen, salted, ...others] = await within("the answer", stamped);
  expect(others).toEqual([]);
  expect(stolen).toMatchObject({ block: { id: theft.id }, nonce: undefined });
  expect(salted?.block.id).toBe(own.id);
  expect(own.data).toEqual(sha256(root, salted?.nonce ?? new Uint8Array()));
});

test("a thief's block alone is given when no other comes in time", async () => {
  const { vm, stampRoot } = start();
  const theft = childOf(genesis, root, 1n);
  acceptAll(vm, [theft]);
  const stamped = await within("the answer", stampRoot(root, performance.now() + 1_000));
  expect(stamped).toMatchObject([{ block: { id: theft.id } }]);
});

test("a root without a block in time is with the node, and has none", async () => {
  const { vm, stampRoot } = start();
  expect(await stampRoot(root, performance.now() + 300)).toEqual([]);
  expect(vm.status().mempool.items).toBe(1);
});

test("a node that is not at work takes no root", async () => {
  const { vm, stampRoot } = start();
  vm.setState("bootstrapping");
  expect(await reasonOf(stampRoot(root, later()))).toMatchObject({ refusal: { code: "not serving" } });
});

test("a block that the node does not show in time is logged: its root is at the node", async () => {
  const { vm, waits } = start();
  const logged: string[] = [];
  const calls = callOf(new RpcClient(vm));
  const call: CallApi = (method, params) => {
    if (method === "getProof") return Promise.reject(new Error("the node is gone"));
    return calls(method, method === "getReceipt" ? { ...params, waitMs: 0 } : params);
  };
  const stamping = rootStamper(call, new Log((line) => logged.push(line)))(root, later());
  await waits(1);
  decideNext(vm);
  expect(await within("the answer", stamping)).toEqual([]);
  expect(logged.join("")).toContain("the node is gone");
});
