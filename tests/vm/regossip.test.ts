import { describe, expect, test } from "bun:test";
import { gossipItemBytes, gossipRate } from "../../src/vm/mempool/pace.ts";
import { firstRegossipMs, maxRegossipMs } from "../../src/vm/mempool/regossip.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { bytesOf, decideNext, peer, propose, startVm, submissionsOf } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const minute = 60_000;

describe("what still waits", () => {
  test("is gossiped again after 5 s, then after twice as long each time, at last every five minutes", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    const gossipedAtMs: number[] = [];
    for (let ms = 0; ms < 30 * minute; ms += 1_000) {
      const before = gossiped.length;
      clock.advanceMs(1_000);
      if (gossiped.length > before) gossipedAtMs.push(ms + 1_000);
    }
    expect([firstRegossipMs, maxRegossipMs]).toEqual([5_000, 5 * minute]);
    expect(gossipedAtMs.map((ms) => ms / 1_000)).toEqual([
      ...[5, 15, 35, 75, 155, 315], // 5 s, 10 s, 20 s, … apart
      ...[615, 915, 1_215, 1_515],
    ]);
    expect(gossiped.every((data) => Buffer.from(data).equals(bytesOf("a")))).toBeTrue();
  });

  test("is not gossiped any more once it is accepted", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    decideNext(vm);
    clock.advanceMs(30 * minute);
    expect(gossiped.length).toBe(1);
  });

  test("is gossiped again as soon as a restarted node is in normal operation, and not before", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    propose(first.vm, "a", "b");
    first.vm.close();
    const { vm, gossiped } = startVm({ file });
    expect(gossiped).toEqual([bytesOf("a"), bytesOf("b")]);
    vm.close();
  });

  test("and came from a peer is not gossiped by us", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    first.vm.addGossip([bytesOf("a")], peer);
    first.clock.advanceMs(30 * minute);
    first.vm.close();
    const second = startVm({ file });
    expect([first.gossiped, second.gossiped]).toEqual([[], []]);
    second.vm.close();
  });

  test("is not gossiped while the node bootstraps", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    vm.setState("bootstrapping");
    clock.advanceMs(30 * minute);
    expect(gossiped.length).toBe(1);
    vm.setState("normal operation");
    expect(gossiped.length).toBe(2);
  });

  test("after a restart is gossiped once, and then again like any other", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    propose(first.vm, "a");
    first.vm.close();
    const { vm, clock, gossiped } = startVm({ file });
    clock.advanceMs(firstRegossipMs - 1);
    expect(gossiped.length).toBe(1);
    clock.advanceMs(1);
    expect(gossiped.length).toBe(2);
    clock.advanceMs(2 * firstRegossipMs - 1);
    expect(gossiped.length).toBe(2);
    vm.close();
  });
});

describe("much at once", () => {
  const size = 10_000;
  const bytesEach = size + gossipItemBytes;
  const proposeMany = (vm: Vm, count: number) =>
    vm.propose(submissionsOf(...Array.from({ length: count }, (_, i) => new Uint8Array(size).fill(i))));

  test("is gossiped in the order of arrival, as fast as the pace allows, and none is forgotten", () => {
    const { vm, clock, gossiped } = startVm();
    proposeMany(vm, 100);
    let toldBytes = gossiped.length * bytesEach;
    expect(toldBytes).toBeGreaterThanOrEqual(gossipRate.burst);
    expect(toldBytes).toBeLessThan(gossipRate.burst + bytesEach);
    for (let second = 1; second <= 4; second++) {
      clock.advanceMs(1_000);
      const more = gossiped.length * bytesEach - toldBytes;
      expect(Math.abs(more - gossipRate.perSecond)).toBeLessThanOrEqual(bytesEach);
      toldBytes += more;
    }
    clock.advanceMs(firstRegossipMs);
    const firsts = gossiped.map((data) => data[0] ?? 0);
    expect(new Set(firsts).size).toBe(100);
    expect(firsts.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("is gossiped only as long as it waits: what is accepted meanwhile is not", () => {
    const { vm, clock, gossiped } = startVm();
    proposeMany(vm, 60);
    const before = gossiped.length;
    for (let i = 0; i < 60; i++) decideNext(vm);
    clock.advanceMs(minute);
    expect(gossiped.length).toBe(before);
  });

  test("does not let newer proposals overtake, nor is it gossiped every second after a restart", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    proposeMany(first.vm, 40);
    first.vm.close();
    const { vm, clock, gossiped } = startVm({ file });
    propose(vm, "new");
    clock.advanceMs(3_000);
    expect(gossiped.map((data) => data.length).indexOf(3)).toBe(40);
    clock.advanceMs(minute);
    expect(gossiped.length).toBeLessThan(41 * 5);
    vm.close();
  });

  test("the largest proposal is sent at once, and the next one only when its debt is paid", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, new Uint8Array(1_000_000), "small");
    expect(gossiped.map((data) => data.length)).toEqual([1_000_000]);
    clock.advanceMs(4_000);
    expect(gossiped.length).toBe(1);
    clock.advanceMs(2_000);
    expect(gossiped.at(1)).toEqual(bytesOf("small"));
  });
});
