import { describe, expect, test } from "bun:test";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, propose, startVm } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const hour = 3600n;

describe("a built block", () => {
  test("is never one that was rejected, also after a restart: it gets the next second", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    propose(first.vm, "a");
    for (const wanted of [now, now + 1n]) {
      const { id, timestamp } = first.vm.verifyBlock(first.vm.buildBlock().bytes);
      expect(timestamp).toBe(wanted);
      first.vm.rejectBlock(id);
    }
    first.vm.close();
    const { vm } = startVm({ file });
    expect(decideNext(vm)).toMatchObject({ height: 1n, timestamp: now + 2n, data: bytesOf("a") });
    vm.close();
  });

  test("is refused when the blocks of all seconds up to the hour were rejected, and built a second later", () => {
    const { vm, clock } = startVm();
    const parent = childOf(genesis, "fast", now + hour - 2n);
    acceptAll(vm, [parent]);
    propose(vm, "a");
    for (const timestamp of [now + hour - 2n, now + hour - 1n]) {
      vm.rejectBlock(vm.verifyBlock(childOf(parent, "a", timestamp).bytes).id);
    }
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
    clock.seconds += 1n;
    expect(vm.verifyBlock(vm.buildBlock().bytes).timestamp).toBe(now + hour);
  });

  test("carries data of every size up to the largest", () => {
    const { vm } = startVm();
    for (const size of [0, 1, 1_000_000]) {
      propose(vm, new Uint8Array(size).fill(size));
      expect(decideNext(vm).data.length).toBe(size);
    }
    expect(vm.lastAccepted.bytes.length, "fits into a message of AvalancheGo").toBeLessThan(2 * 1024 * 1024 - 8_192);
  });
});
