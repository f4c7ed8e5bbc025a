import { describe, expect, test } from "bun:test";
import { maxRegossipBytes, maxRegossipItems } from "../../src/vm/mempool.ts";
import { firstRegossipMs, maxRegossipMs } from "../../src/vm/regossip.ts";
import { bytesOf, decideNext, peer, propose, startVm } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const minute = 60_000;

describe("what still waits", () => {
  test("is told again after 5 s, then after twice as long each time, at last every five minutes", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    const toldAtMs: number[] = [];
    for (let ms = 0; ms < 30 * minute; ms += 1_000) {
      const told = gossiped.length;
      clock.advanceMs(1_000);
      if (gossiped.length > told) toldAtMs.push(ms + 1_000);
    }
    expect([firstRegossipMs, maxRegossipMs]).toEqual([5_000, 5 * minute]);
    expect(toldAtMs.map((ms) => ms / 1_000)).toEqual([
      ...[5, 15, 35, 75, 155, 315], // 5 s, 10 s, 20 s, … apart
      ...[615, 915, 1_215, 1_515],
    ]);
    expect(gossiped.every((data) => Buffer.from(data).equals(bytesOf("a")))).toBeTrue();
  });

  test("is told no more once it is accepted", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    decideNext(vm);
    clock.advanceMs(30 * minute);
    expect(gossiped.length).toBe(1);
  });

  test("is told again as soon as a restarted node is in normal operation, and not before", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file });
    propose(first.vm, "a", "b");
    first.vm.close();
    const { vm, gossiped } = startVm({ file });
    expect(gossiped).toEqual([bytesOf("a"), bytesOf("b")]);
    vm.close();
  });

  test("and came from a peer is told by that peer alone", () => {
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

  test("is not told while the node bootstraps", () => {
    const { vm, clock, gossiped } = startVm();
    propose(vm, "a");
    vm.setState("bootstrapping");
    clock.advanceMs(30 * minute);
    expect(gossiped.length).toBe(1);
    vm.setState("normal operation");
    expect(gossiped.length).toBe(2);
  });

  test("is told in parts when it is much: some items, or about a message, each second, none forgotten", () => {
    const { vm, clock, gossiped } = startVm();
    const count = 2 * maxRegossipItems + 10;
    vm.proposeBlocks(Array.from({ length: count }, (_, i) => bytesOf(`${i}`)));
    gossiped.length = 0;
    clock.advanceMs(firstRegossipMs);
    expect(gossiped.length).toBe(maxRegossipItems);
    clock.advanceMs(1_000);
    expect(gossiped.length).toBe(2 * maxRegossipItems);
    clock.advanceMs(1_000);
    expect(new Set(gossiped.map((data) => new TextDecoder().decode(data))).size).toBe(count);
  });

  test("is told a megabyte at a time", () => {
    const { vm, clock, gossiped } = startVm();
    for (let i = 0; i < 5; i++) propose(vm, new Uint8Array(400_000).fill(i));
    gossiped.length = 0;
    clock.advanceMs(firstRegossipMs);
    expect(maxRegossipBytes).toBe(1_000_000);
    expect(gossiped.length).toBe(2);
    clock.advanceMs(1_000);
    expect(gossiped.length).toBe(4);
    clock.advanceMs(1_000);
    expect(gossiped.length).toBe(5);
  });
});
