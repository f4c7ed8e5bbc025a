import { describe, expect, test } from "bun:test";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, childOf, genesis, propose, startVm } from "../support/chain.ts";

const [a, b] = [childOf(genesis, "a"), childOf(genesis, "b")];
const [aa, bb] = [childOf(a, "aa"), childOf(b, "bb")];

/** What a build would build on. */
const preferred = (vm: Vm) => vm.buildBlock().parentId;

function vmWithBranches(): Vm {
  const { vm } = startVm();
  propose(vm, "proposal");
  for (const { bytes } of [a, b, aa, bb]) vm.verifyBlock(bytes);
  return vm;
}

describe("the preferred block", () => {
  test("is the last accepted one at first", () => {
    expect(preferred(vmWithBranches())).toBe(genesis.id);
  });

  test("is any processing block that the node names", () => {
    const vm = vmWithBranches();
    for (const { id } of [a, bb, b, aa, genesis]) {
      vm.setPreference(id);
      expect(preferred(vm)).toBe(id);
    }
  });

  test("stays when the node names one that is unknown, only parsed, or decided long ago", () => {
    const vm = vmWithBranches();
    const stranger = childOf(bb, "stranger");
    vm.parseBlock(stranger.bytes);
    vm.setPreference(aa.id);
    acceptAll(vm, [a]);
    for (const { id } of [stranger, b, genesis]) {
      vm.setPreference(id);
      expect(preferred(vm)).toBe(aa.id);
    }
    vm.setPreference(a.id);
    expect(preferred(vm)).toBe(a.id);
  });

  test("stays on its branch while that is accepted block by block", () => {
    const vm = vmWithBranches();
    vm.setPreference(aa.id);
    vm.acceptBlock(a.id);
    expect(preferred(vm)).toBe(aa.id);
    vm.acceptBlock(aa.id);
    expect(preferred(vm)).toBe(aa.id);
  });

  test("is the accepted block once the preferred one has lost", () => {
    const vm = vmWithBranches();
    vm.setPreference(b.id);
    vm.acceptBlock(a.id);
    expect(preferred(vm)).toBe(a.id);
  });

  test("is the last accepted one once the preferred one is rejected", () => {
    const vm = vmWithBranches();
    vm.setPreference(bb.id);
    vm.acceptBlock(a.id);
    vm.rejectBlock(bb.id);
    expect(preferred(vm)).toBe(a.id);
  });

  test("does not move when a block is verified", () => {
    const vm = vmWithBranches();
    vm.setPreference(a.id);
    vm.verifyBlock(childOf(aa, "aaa").bytes);
    expect(preferred(vm)).toBe(a.id);
  });
});
