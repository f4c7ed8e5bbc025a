import { describe, expect, test } from "bun:test";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, propose, startVm } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const hour = 3600n;

describe("a built block", () => {
  test("has the time of the clock, and the next height", () => {
    const { vm, clock } = startVm();
    clock.seconds = now + 5n;
    propose(vm, "a");
    expect(vm.buildBlock()).toEqual(childOf(genesis, "a", now + 5n));
  });

  test("has the parent's time when the parent's clock was fast, up to 59 minutes and 59 seconds", () => {
    const { vm } = startVm();
    acceptAll(vm, [childOf(genesis, "fast", now + hour - 1n)]);
    propose(vm, "a");
    expect(decideNext(vm)).toMatchObject({ height: 2n, timestamp: now + hour - 1n });
  });

  test("is refused while the clock is over an hour behind its parent, and built when it has caught up", () => {
    const { vm, clock } = startVm();
    acceptAll(vm, [childOf(genesis, "a", now)]);
    propose(vm, "b");
    clock.seconds = now - hour;
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
    expect(vm.status().mempool.items, "nothing is lost").toBe(1);
    clock.seconds = now - hour + 1n;
    expect(vm.buildBlock().timestamp).toBe(now);
  });

  test("never goes back in time while the clock jumps", () => {
    const { vm, clock } = startVm();
    let last = 0n;
    for (const jump of [0n, 100n, -50n, -1_000n, 3n, 2_000n, -3_000n]) {
      clock.seconds += jump;
      propose(vm, `${clock.seconds}`);
      const { timestamp } = decideNext(vm);
      expect(timestamp).toBeGreaterThanOrEqual(last);
      expect(timestamp).toBeGreaterThanOrEqual(clock.seconds);
      last = timestamp;
    }
  });

  test("can always be verified, by us and by a node whose clock is an hour behind ours, less a second", () => {
    const { vm, clock } = startVm();
    propose(vm, "a");
    const built = vm.buildBlock();
    const other = startVm();
    other.clock.seconds = clock.seconds - hour + 1n;
    expect(other.vm.verifyBlock(built.bytes)).toEqual(built);
    expect(vm.verifyBlock(built.bytes)).toEqual(built);
  });

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

describe("what is built next", () => {
  test("comes in the order of the proposals, on the preferred block", () => {
    const { vm } = startVm();
    for (const text of ["a", "b", "c"]) propose(vm, text);
    expect([decideNext(vm), decideNext(vm), decideNext(vm)].map(({ data }) => data)).toEqual(
      ["a", "b", "c"].map(bytesOf),
    );
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
  });

  test("is not what the preferred branch carries already, at any depth", () => {
    const { vm } = startVm();
    for (const text of ["a", "b", "c"]) propose(vm, text);
    for (const wanted of ["a", "b", "c"]) {
      const built = vm.verifyBlock(vm.buildBlock().bytes);
      expect(built.data).toEqual(bytesOf(wanted));
      vm.setPreference(built.id);
    }
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    expect(vm.status()).toMatchObject({ processing: 3, mempool: { items: 3 } });
  });

  test("may be what only another branch carries", () => {
    const { vm } = startVm();
    for (const text of ["a", "b"]) propose(vm, text);
    const a = vm.verifyBlock(vm.buildBlock().bytes);
    expect(vm.buildBlock().data, "it is not preferred").toEqual(bytesOf("a"));
    vm.setPreference(a.id);
    expect(vm.buildBlock().data).toEqual(bytesOf("b"));
    vm.setPreference(genesis.id);
    expect(vm.buildBlock().data).toEqual(bytesOf("a"));
  });

  test("is the same until something changes: building removes nothing", () => {
    const { vm } = startVm();
    propose(vm, "a");
    expect(vm.buildBlock()).toEqual(vm.buildBlock());
    expect(vm.status().blocks.built).toBe(2);
  });
});
