import { describe, expect, test } from "bun:test";
import { repeatAfterMs } from "../../src/vm/build-event.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, startVm } from "../support/chain.ts";
import { stateOf } from "../support/promise.ts";
import { refusalCodeOf } from "../support/refusal.ts";

const forever = new AbortController().signal;
/** Whether a node that asks now hears at once that it should build. */
async function isTold(vm: Vm): Promise<boolean> {
  const controller = new AbortController();
  const waiting = vm.waitForEvent(controller.signal);
  const state = await stateOf(waiting);
  controller.abort();
  await stateOf(waiting);
  return state === "resolved";
}

describe("a node that waits is told to build", () => {
  test("by a proposal and by gossip", async () => {
    for (const method of ["proposeBlock", "addGossip"] as const) {
      const { vm } = startVm();
      const waiting = vm.waitForEvent(forever);
      expect(await stateOf(waiting)).toBe("waiting");
      vm[method](bytesOf("a"));
      expect(await stateOf(waiting)).toBe("resolved");
    }
  });

  test("only in normal operation, and then of what came before", async () => {
    const { vm } = startVm();
    vm.setState("bootstrapping");
    const waiting = vm.waitForEvent(forever);
    vm.proposeBlock(bytesOf("a"));
    expect(await stateOf(waiting)).toBe("waiting");
    vm.setState("normal operation");
    expect(await stateOf(waiting)).toBe("resolved");
  });

  test("again when the preference moved and there is more to put on it", async () => {
    const { vm } = startVm();
    for (const text of ["a", "b"]) vm.proposeBlock(bytesOf(text));
    expect(await isTold(vm)).toBeTrue();
    const first = vm.verifyBlock(vm.buildBlock().bytes);
    expect(await isTold(vm), "not again for the same block").toBeFalse();
    vm.setPreference(first.id);
    expect(await isTold(vm)).toBeTrue();
    const second = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(second.id);
    expect(await isTold(vm), "all is carried").toBeFalse();
  });

  test("again when a block is rejected that carried its data", async () => {
    const { vm } = startVm();
    vm.proposeBlock(bytesOf("a"));
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
    for (const text of ["a", "b"]) vm.proposeBlock(bytesOf(text));
    decideNext(vm);
    expect(await isTold(vm)).toBeTrue();
    decideNext(vm);
    expect(await isTold(vm)).toBeFalse();
  });
});

describe("a build that failed", () => {
  test("is not asked for again at once, but it is asked for again", async () => {
    const { vm, clock } = startVm();
    acceptAll(vm, [childOf(genesis, "a", now)]);
    clock.seconds = now - 3_600n;
    vm.proposeBlock(bytesOf("b"));
    let told = 0;
    for (let ms = 0; ms < 2_000; ms += 50) {
      if (await isTold(vm)) {
        told++;
        expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
      }
      vm.setPreference(vm.lastAccepted.id);
      clock.advanceMs(50);
    }
    expect(told).toBe(2_000 / repeatAfterMs);
    clock.seconds = now;
    expect(await isTold(vm)).toBeTrue();
    expect(vm.buildBlock().data).toEqual(bytesOf("b"));
  });
});

describe("ending", () => {
  test("a cancelled wait leaves the work for the next", async () => {
    const { vm } = startVm();
    const controller = new AbortController();
    const waiting = vm.waitForEvent(controller.signal);
    controller.abort("left");
    expect(await stateOf(waiting)).toBe("left");
    vm.proposeBlock(bytesOf("a"));
    expect(await isTold(vm)).toBeTrue();
  });

  test("a closed VM ends every wait", async () => {
    const { vm } = startVm();
    const waiting = vm.waitForEvent(forever);
    vm.close();
    expect(await stateOf(waiting)).toMatchObject({ refusal: { code: "shut down" } });
    expect(await stateOf(vm.waitForEvent(forever))).toMatchObject({ refusal: { code: "shut down" } });
  });
});

test("a chain of a hundred proposals is decided by a node that only does as it is told", async () => {
  const { vm } = startVm();
  for (let i = 0; i < 100; i++) vm.proposeBlock(bytesOf(`${i}`));
  while (await isTold(vm)) decideNext(vm);
  expect(vm.lastAccepted.height).toBe(100n);
});
