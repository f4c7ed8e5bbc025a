import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, peer, propose, startVm } from "../support/chain.ts";

const digest = digestOf(bytesOf("data"));
const statusIn = (vm: Vm) => vm.receiptOf(digest).status;

describe("the receipt of data", () => {
  test("that was never seen is unknown", () => {
    const { vm } = startVm();
    propose(vm, "other");
    decideNext(vm);
    expect(vm.receiptOf(digest)).toEqual({ status: "unknown" });
  });

  test("follows it from the mempool into a block", () => {
    const { vm } = startVm();
    propose(vm, "data");
    expect(vm.receiptOf(digest)).toEqual({ status: "pending" });
    const { bytes } = vm.buildBlock();
    expect(statusIn(vm), "a block that is not verified is none").toBe("pending");
    const block = vm.verifyBlock(bytes);
    expect(vm.receiptOf(digest)).toEqual({ status: "processing" });
    vm.acceptBlock(block.id);
    expect(statusIn(vm), "a crash may take it back").toBe("processing");
    vm.confirm(block);
    expect(vm.receiptOf(digest)).toEqual({ status: "accepted", block });
  });

  test("of a peer is pending as well", () => {
    const { vm } = startVm();
    vm.addGossip([bytesOf("data")], peer);
    expect(statusIn(vm)).toBe("pending");
  });

  test("in a block of another node is processing, and unknown when that is rejected", () => {
    const { vm } = startVm();
    const block = vm.verifyBlock(childOf(genesis, "data").bytes);
    expect(statusIn(vm)).toBe("processing");
    vm.rejectBlock(block.id);
    expect(statusIn(vm)).toBe("unknown");
  });

  test("in two processing blocks is processing until both are decided", () => {
    const { vm } = startVm();
    propose(vm, "data");
    const [a, b] = [childOf(genesis, "data"), childOf(genesis, "data", 1_700_000_001n)];
    for (const { bytes } of [a, b]) vm.verifyBlock(bytes);
    vm.rejectBlock(a.id);
    expect(statusIn(vm)).toBe("processing");
    vm.rejectBlock(b.id);
    expect(statusIn(vm)).toBe("pending");
  });

  test("of blocks that lost is unknown again", () => {
    const { vm } = startVm();
    const [winner, rival] = [childOf(genesis, "winner"), childOf(genesis, "data")];
    for (const { bytes } of [winner, rival]) vm.verifyBlock(bytes);
    vm.acceptBlock(winner.id);
    expect(statusIn(vm)).toBe("unknown");
  });

  test("names the first block that carries it, whatever comes later", () => {
    const { vm } = startVm();
    const first = childOf(genesis, "data");
    const again = childOf(childOf(first, "other"), "data");
    acceptAll(vm, [first, childOf(first, "other"), again]);
    expect(vm.receiptOf(digest)).toEqual({ status: "accepted", block: first });
    vm.verifyBlock(childOf(again, "data").bytes);
    propose(vm, "data");
    expect(vm.receiptOf(digest)).toEqual({ status: "accepted", block: first });
  });

  test("is not that of a block that carries its digest", () => {
    const { vm } = startVm();
    acceptAll(vm, [childOf(genesis, Uint8Array.fromHex(digest))]);
    expect(statusIn(vm)).toBe("unknown");
  });
});
