import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { maxRegossipMs } from "../../src/vm/mempool/regossip.ts";
import { bytesOf, decideNext, peer, propose, startVm } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { stateOf } from "../support/promise.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const digest = (text: string) => digestOf(bytesOf(text));

describe("a proposal that was dropped", () => {
  test("does not wait any more, is not gossiped again, and its room is free", () => {
    const { vm, clock, gossiped } = startVm({ config: { maxMempoolItems: 4 } });
    propose(vm, "a", "b");
    vm.drop([digest("a")]);
    expect([...vm.waiting()].map((waiting) => waiting.digest)).toEqual([digest("b")]);
    expect(vm.status().mempool).toMatchObject({ items: 1, bytes: 1 });
    expect(vm.receiptOf(digest("a"))).toEqual({ status: "unknown" });
    gossiped.length = 0;
    clock.advanceMs(2 * maxRegossipMs);
    expect(new Set(gossiped.map((data) => new TextDecoder().decode(data)))).toEqual(new Set(["b"]));
    expect(new TextDecoder().decode(decideNext(vm).data)).toBe("b");
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    vm.close();
  });

  test("is gone after a restart too", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a", "b", "c");
    first.drop([digest("a"), digest("c"), digest("never seen")]);
    first.close();
    const { vm } = startVm({ file });
    expect([...vm.waiting()].map((waiting) => waiting.digest)).toEqual([digest("b")]);
    vm.close();
  });

  test("may be sent or proposed again", () => {
    const { vm } = startVm();
    vm.addGossip([bytesOf("a")], peer);
    vm.drop([digest("a")]);
    vm.addGossip([bytesOf("a")], peer);
    expect(vm.getWaiting(digest("a"))).toMatchObject({ peer, bytes: 1 });
    vm.close();
  });

  test("stays in a block that carries it already, which is accepted like any other", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm } = startVm({ file });
    propose(vm, "a", "b");
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(block.id);
    vm.drop([digest("a")]);
    expect(vm.receiptOf(digest("a"))).toEqual({ status: "processing" });
    expect(new TextDecoder().decode(vm.buildBlock().data)).toBe("b");
    vm.acceptBlock(block.id);
    vm.confirm(block);
    expect(vm.receiptOf(digest("a"))).toEqual({ status: "accepted", block });
    expect(vm.status().mempool.items).toBe(1);
    vm.close();
    const store = BlockStore.open(file);
    expect([store.lastAccepted(), store.proposals.count()]).toEqual([block, 1]);
    store.close();
  });

  test("is not built again when the block that carries it is rejected", () => {
    const { vm } = startVm();
    propose(vm, "a");
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(block.id);
    vm.drop([digest("a")]);
    vm.rejectBlock(block.id);
    expect(vm.receiptOf(digest("a"))).toEqual({ status: "unknown" });
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    vm.close();
  });

  test("no longer makes the node build", async () => {
    const { vm } = startVm();
    propose(vm, "a");
    vm.drop([digest("a")]);
    const stop = new AbortController();
    const waiting = vm.waitForEvent(stop.signal);
    expect(await stateOf(waiting)).toBe("waiting");
    propose(vm, "b");
    expect(await stateOf(waiting)).toBe("resolved");
    vm.close();
  });
});

test("where the file cannot be written, nothing is dropped", () => {
  using directory = temporaryDirectory();
  const { opened, connection } = withConnection(() => startVm({ file: directory.file("chain.db") }));
  const { vm } = opened;
  propose(vm, "a", "b");
  connection.run("PRAGMA query_only = ON");
  expect(refusalCodeOf(() => vm.drop([digest("a")]))).toBe("database failed");
  expect([...vm.waiting()].map((waiting) => waiting.digest)).toEqual([digest("a"), digest("b")]);
  connection.run("PRAGMA query_only = OFF");
  vm.drop([digest("a")]);
  expect(vm.status().mempool.items).toBe(1);
  vm.close();
});

test("a closed chain drops nothing", () => {
  const { vm } = startVm();
  vm.close();
  expect(refusalCodeOf(() => vm.drop([digest("a")]))).toBe("shut down");
});
