import { describe, expect, test } from "bun:test";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, peer, propose, startVm } from "../support/chain.ts";
import { stateOf } from "../support/promise.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { isAnnounced } from "./announced.ts";

const forever = new AbortController().signal;
describe("a waiting node is notified that there is something to build", () => {
  test("by a proposal and by gossip", async () => {
    for (const give of [(vm: Vm) => propose(vm, "a"), (vm: Vm) => vm.addGossip([bytesOf("a")], peer)]) {
      const { vm } = startVm();
      const waiting = vm.waitForEvent(forever);
      expect(await stateOf(waiting)).toBe("waiting");
      give(vm);
      expect(await stateOf(waiting)).toBe("resolved");
    }
  });

  test("only in normal operation, and then also about earlier proposals", async () => {
    const { vm } = startVm();
    vm.setState("bootstrapping");
    const waiting = vm.waitForEvent(forever);
    propose(vm, "a");
    expect(await stateOf(waiting)).toBe("waiting");
    vm.setState("normal operation");
    expect(await stateOf(waiting)).toBe("resolved");
  });

  test("again when the preference moved and there is more to build on it", async () => {
    const { vm } = startVm();
    for (const text of ["a", "b"]) propose(vm, text);
    expect(await isAnnounced(vm)).toBeTrue();
    const first = vm.verifyBlock(vm.buildBlock().bytes);
    expect(await isAnnounced(vm), "not again for the same block").toBeFalse();
    vm.setPreference(first.id);
    expect(await isAnnounced(vm)).toBeTrue();
    const second = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(second.id);
    expect(await isAnnounced(vm), "all is carried").toBeFalse();
  });

  test("again when a block is rejected that carried its data", async () => {
    const { vm } = startVm();
    propose(vm, "a");
    const mine = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(mine.id);
    const theirs = vm.verifyBlock(childOf(genesis, "theirs").bytes);
    const waiting = vm.waitForEvent(forever);
    expect(await stateOf(waiting)).toBe("waiting");
    vm.acceptBlock(theirs.id);
    expect(await stateOf(waiting)).toBe("resolved");
    expect(decideNext(vm)).toMatchObject({ height: 2n, data: bytesOf("a") });
  });

  test("after an accept when more is waiting, and not when nothing is", async () => {
    const { vm } = startVm();
    for (const text of ["a", "b"]) propose(vm, text);
    decideNext(vm);
    expect(await isAnnounced(vm)).toBeTrue();
    decideNext(vm);
    expect(await isAnnounced(vm)).toBeFalse();
  });
});

describe("a build that fails", () => {
  test("because the clock went back is not asked for, until the clock is right again", async () => {
    const { vm, clock } = startVm();
    acceptAll(vm, [childOf(genesis, "a", now)]);
    clock.seconds = now - 3_600n;
    propose(vm, "b");
    const waiting = vm.waitForEvent(forever);
    for (let second = 0; second < 10; second++) {
      expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
      clock.advanceMs(1_000);
      expect(await stateOf(waiting)).toBe("waiting");
    }
    clock.seconds = now - 3_599n;
    clock.advanceMs(1_000);
    expect(await stateOf(waiting), "nobody called, only time went by").toBe("resolved");
    expect(vm.buildBlock()).toMatchObject({ data: bytesOf("b"), timestamp: now });
  });
});

describe("a block interval", () => {
  const start = () => {
    const test = startVm({ config: { minBlockIntervalMs: 5_000 } });
    propose(test.vm, "a", "b", "c");
    return test;
  };

  test("holds back the next block, not the first one", async () => {
    const { vm, clock } = start();
    expect(await isAnnounced(vm)).toBeTrue();
    decideNext(vm);
    const waiting = vm.waitForEvent(forever);
    clock.advanceMs(4_999);
    expect(await stateOf(waiting)).toBe("waiting");
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "too early", waitMs: 1 });
    clock.advanceMs(1);
    expect(await stateOf(waiting)).toBe("resolved");
    expect(decideNext(vm).data).toEqual(bytesOf("b"));
  });

  test("counts from the block that is preferred, whoever made it, and not again when it is accepted", () => {
    const { vm, clock } = start();
    clock.advanceMs(60_000);
    const theirs = vm.verifyBlock(childOf(genesis, "theirs").bytes);
    vm.setPreference(theirs.id);
    clock.advanceMs(3_000);
    vm.acceptBlock(theirs.id);
    vm.setPreference(theirs.id);
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "too early", waitMs: 2_000 });
    clock.advanceMs(2_000);
    expect(vm.buildBlock().parentId).toBe(theirs.id);
  });

  test("makes no difference if nothing waits", () => {
    const { vm } = startVm({ config: { minBlockIntervalMs: 5_000 } });
    propose(vm, "a");
    decideNext(vm);
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "nothing to build" });
  });
});
