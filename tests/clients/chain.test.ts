import { describe, expect, test } from "bun:test";
import { setTimeout } from "node:timers/promises";
import { createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { within } from "../fake-node/deadline.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, propose, spaced } from "../support/chain.ts";
import { statusOf } from "../support/status.ts";
import { ServedChain } from "./served-chain.ts";

const heightOf = async (chain: ServedChain) =>
  ((await chain.call("getStatus")).lastAccepted as { readonly height: number }).height;
const receiptOf = (chain: ServedChain, text: string, waitMs = 0, signal?: AbortSignal) =>
  chain.call("getReceipt", { id: digestOf(bytesOf(text)), waitMs }, signal);

describe("clients on another thread", () => {
  test("see a block as soon as it is confirmed, and not before", async () => {
    await using chain = await ServedChain.start();
    for (let i = 1; i <= 60; i++) {
      const block = childOf(chain.vm.lastAccepted, `block ${i}`);
      chain.vm.verifyBlock(block.bytes);
      expect(await receiptOf(chain, `block ${i}`)).toMatchObject({ status: "processing" });
      chain.vm.acceptBlock(block.id);
      expect(await chain.call("lastAccepted")).toEqual({ id: block.parentId });
      expect(await chain.call("getBlock", { id: block.id }).catch((error: Error) => error.message)).toBe("not found");
      expect(await receiptOf(chain, `block ${i}`)).toMatchObject({ status: "processing" });
      chain.vm.confirm(block);
      const answers = [chain.call("lastAccepted"), chain.call("getBlock", { id: block.id }), heightOf(chain)];
      expect(await Promise.all(answers)).toMatchObject([{ id: block.id }, { block: { height: i } }, i]);
      expect(await receiptOf(chain, `block ${i}`)).toMatchObject({ status: "accepted", block: { id: block.id } });
    }
  });

  test("see what they proposed, and what became of it", async () => {
    await using chain = await ServedChain.start();
    for (let i = 1; i <= 20; i++) {
      expect(await receiptOf(chain, `data ${i}`)).toMatchObject({ status: "unknown" });
      await chain.propose(`data ${i}`);
      expect(await receiptOf(chain, `data ${i}`)).toMatchObject({ status: "pending" });
      expect(await chain.call("getStatus")).toMatchObject({ mempool: { count: 1 } });
      decideNext(chain.vm);
      expect(await receiptOf(chain, `data ${i}`)).toMatchObject({ status: "accepted" });
      expect(await chain.call("getStatus")).toMatchObject({ mempool: { count: 0 } });
    }
  });

  test("read heights beyond 2^53 exactly", async () => {
    const large = 2n ** 53n + 1n;
    const block = spaced(createBlock({ parentId: genesis.id, height: large, timestamp: now, data: bytesOf("far") }));
    const prepare = (file: string) => {
      const store = BlockStore.open(file);
      store.accept(genesis, digestOf(genesis.data));
      store.accept(block, digestOf(block.data));
      const marker = { instanceId: store.instanceId, height: large, id: block.id };
      store.close();
      return marker;
    };
    await using chain = await ServedChain.start({ prepare });
    expect(chain.clients.head.height).toBe(large);
    const text = await chain.post(
      '{"jsonrpc":"2.0","id":1,"method":"getBlock","params":{"id":"@"}}'.replace("@", block.id),
    );
    expect(text).toContain(`"height":${large}`);
    const next = childOf(block, "next");
    chain.vm.verifyBlock(next.bytes);
    chain.vm.acceptBlock(next.id);
    chain.vm.confirm(next);
    expect(await chain.post('{"jsonrpc":"2.0","id":1,"method":"getStatus"}')).toContain(`"height":${large + 1n}`);
  });

  test.each(["a b.db", "100%25?x=1#y.db"])("read a file by any name: %s", async (name) => {
    await using chain = await ServedChain.start({ name });
    await chain.propose("data");
    const { id } = decideNext(chain.vm);
    expect(await receiptOf(chain, "data")).toMatchObject({ status: "accepted", block: { id } });
  });

  test("get the refusal of their own proposal, of those that cross together", async () => {
    await using chain = await ServedChain.start({ config: { maxMempoolItems: 4 } });
    const outcomes = await Promise.all(
      ["a", "b", "c", "a"].map((text) => chain.propose(text).catch((error: Error) => error.message)),
    );
    const full = "mempool full: 2 proposals of 2 bytes are waiting for a block, try again later";
    expect(outcomes).toEqual([{ success: true }, { success: true }, full, { success: true }]);
    chain.vm.propose = () => {
      throw new Error("a bug");
    };
    expect(await statusOf(chain.propose("b"))).toBe("Internal");
    expect(chain.logged.join("\n")).toContain('"event":"clients not answered","error":"Error: a bug');
  });
});

describe("those who wait for a block", () => {
  test("are woken, a thousand of them, by the block that comes", async () => {
    await using chain = await ServedChain.start();
    const waiting = Array.from({ length: 1_000 }, () => receiptOf(chain, "data", 25_000));
    await chain.untilWaiting(1_000);
    propose(chain.vm, "data");
    const { id } = decideNext(chain.vm);
    const receipts = await within("their answers", Promise.all(waiting));
    expect(receipts.filter(({ status }) => status === "accepted")).toHaveLength(1_000);
    expect(receipts[999]).toMatchObject({ block: { id } });
    expect(chain.clients.head.waiting).toBe(0);
  });

  test("never miss their block, whenever it comes", async () => {
    await using chain = await ServedChain.start();
    for (let i = 0; i < 150; i++) {
      const block = childOf(chain.vm.lastAccepted, `block ${i}`);
      const waiting = [receiptOf(chain, `block ${i}`, 25_000), receiptOf(chain, `block ${i}`, 25_000)];
      if (i % 3 === 0) await setTimeout(0);
      for (let turn = 0; turn < i % 7; turn++) await new Promise(setImmediate);
      acceptAll(chain.vm, [block]);
      const receipts = await within(`the receipt of block ${i}`, Promise.all(waiting));
      expect(receipts).toMatchObject([{ block: { id: block.id } }, { block: { id: block.id } }]);
    }
    expect(chain.clients.head.waiting).toBe(0);
  });

  test("hold nothing when they have left", async () => {
    await using chain = await ServedChain.start();
    const leaving = new AbortController();
    const left = receiptOf(chain, "nothing", 25_000, leaving.signal).catch(() => "left");
    await chain.untilWaiting(1);
    leaving.abort();
    expect(await left).toBe("left");
    await chain.untilWaiting(0);
  });
});

test("a client that leaves while it proposes is no matter: what was sent is taken once", async () => {
  await using chain = await ServedChain.start();
  for (let i = 0; i < 50; i++) {
    const leaving = new AbortController();
    const left = chain.propose(`data ${i}`, leaving.signal).catch(() => undefined);
    if (i % 2 === 0) await setTimeout(i / 10);
    leaving.abort();
    await left;
  }
  await chain.propose("the last");
  expect(chain.vm.status().mempool.items).toBeGreaterThanOrEqual(1);
  expect(chain.vm.status().mempool.items).toBeLessThanOrEqual(51);
  const { submitted } = chain.vm.status().proposals;
  expect(submitted).toBe(chain.vm.status().mempool.items);
});

test("what is refused at the door is counted where the node's metrics see it", async () => {
  await using chain = await ServedChain.start({ config: { maxHttpRequests: 64 } });
  const waiting = Array.from({ length: 32 }, () => receiptOf(chain, "nothing", 25_000).catch(() => "ended"));
  await chain.untilWaiting(32);
  expect(chain.clients.head.requests).toBe(32);
  expect(await chain.call("ping").catch(() => "refused")).toBe("refused"); // more than one caller's share
  expect(chain.clients.head.refused).toEqual({ requests: 0, bytes: 0, caller: 1, answers: 0 });
  propose(chain.vm, "nothing");
  decideNext(chain.vm);
  await Promise.all(waiting);
  await chain.until("no requests", () => chain.clients.head.requests === 0);
});
