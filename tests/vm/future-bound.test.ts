import { describe, expect, test } from "bun:test";
import { bytesOf, childOf, decideNext, genesis, now, propose, startVm } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

const config = { maxFutureSeconds: 120 };

describe("a block ahead of the clock", () => {
  test("by maxFutureSeconds is refused, and accepted after waiting", () => {
    const { vm, clock } = startVm({ config });
    const block = childOf(genesis, "ahead", now + 120n);
    expect(refusalOf(() => vm.verifyBlock(block.bytes))).toEqual({
      code: "future timestamp",
      timestamp: now + 120n,
      now,
    });
    clock.passMs(999);
    expect(refusalCodeOf(() => vm.verifyBlock(block.bytes))).toBe("future timestamp");
    clock.passMs(1);
    vm.verifyBlock(block.bytes);
    vm.acceptBlock(block.id);
    expect(vm.lastAccepted.id).toBe(block.id);
  });

  test("by less is good at once", () => {
    const { vm } = startVm({ config });
    const block = childOf(genesis, "ahead", now + 119n);
    expect(vm.verifyBlock(block.bytes)).toEqual(block);
  });

  test("by up to an hour is good while bootstrapping, whatever the setting: the network has decided it", () => {
    const { vm } = startVm({ config });
    vm.setState("bootstrapping");
    expect(refusalCodeOf(() => vm.verifyBlock(childOf(genesis, "too far", now + 3_600n).bytes))).toBe(
      "future timestamp",
    );
    const block = childOf(genesis, "ahead", now + 3_599n);
    vm.verifyBlock(block.bytes);
    vm.acceptBlock(block.id);
    vm.setState("normal operation");
    expect(vm.lastAccepted.id).toBe(block.id);
  });

  test("by up to an hour is good without the setting", () => {
    const { vm } = startVm();
    const block = childOf(genesis, "ahead", now + 3_599n);
    expect(vm.verifyBlock(block.bytes)).toEqual(block);
  });
});

test("nothing is built that this node itself would refuse; health names the clock until time has passed", () => {
  const { vm, clock } = startVm({ config });
  vm.setState("bootstrapping");
  const ahead = childOf(genesis, "ahead", now + 3_599n);
  vm.verifyBlock(ahead.bytes);
  vm.acceptBlock(ahead.id);
  vm.setState("normal operation");
  propose(vm, "a");
  expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
  clock.passMs(3_479_000);
  expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
  expect(refusalOf(() => vm.checkHealth())).toEqual({ code: "clock behind", seconds: 120n });
  clock.passMs(1_000);
  expect(decideNext(vm)).toMatchObject({ height: 2n, timestamp: now + 3_599n, data: bytesOf("a") });
  vm.checkHealth();
});

test("a block that was rejected gets a later second only up to the bound", () => {
  const { vm } = startVm({ config });
  propose(vm, "a");
  for (let second = 0n; second < 120n; second++) {
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    expect(block.timestamp).toBe(now + second);
    vm.rejectBlock(block.id);
  }
  expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
});
