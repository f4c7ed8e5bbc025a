import { describe, expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, chainOn, childOf, genesis, now, startVm } from "../support/chain.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const [a, b] = [childOf(genesis, "a"), childOf(genesis, "b")];
const [aa, ab, ba] = [childOf(a, "aa"), childOf(a, "ab"), childOf(b, "ba")];
const baa = childOf(ba, "baa");

function verifyAll(vm: Vm, ...blocks: readonly Block[]): void {
  for (const block of blocks) expect(vm.verifyBlock(block.bytes)).toEqual(block);
}

function vmWith(...blocks: readonly Block[]): Vm {
  const { vm } = startVm();
  verifyAll(vm, ...blocks);
  return vm;
}

describe("verifying", () => {
  test("twice is once", () => {
    const vm = vmWith(a, a, aa, aa);
    expect(vm.status()).toMatchObject({ processing: 2, blocks: { verified: 2 } });
  });

  test("an accepted block again is no harm, genesis too", () => {
    const vm = vmWith(a);
    vm.acceptBlock(a.id);
    verifyAll(vm, genesis, a);
    expect(vm.status()).toMatchObject({ processing: 0, blocks: { verified: 1 } });
  });

  test("a refused block later, once its time has come, is taken", () => {
    const { vm, clock } = startVm();
    const early = childOf(genesis, "early", now + 3600n);
    expect(refusalCodeOf(() => vm.verifyBlock(early.bytes))).toBe("future timestamp");
    clock.seconds += 1n;
    verifyAll(vm, early);
    const orphan = childOf(a);
    expect(refusalCodeOf(() => vm.verifyBlock(orphan.bytes))).toBe("unknown parent");
    verifyAll(vm, a, orphan);
  });

  test("keeps the bytes that came, whatever their form", () => {
    const { vm } = startVm();
    const bytes = new Uint8Array([0x20, ...a.bytes]);
    const spaced = vm.verifyBlock(bytes);
    expect(spaced.id).not.toBe(a.id);
    vm.acceptBlock(spaced.id);
    expect(vm.getBlock(spaced.id)?.bytes).toEqual(bytes);
    verifyAll(vm, childOf(spaced));
  });

  test("another genesis is refused, even one of its own form", () => {
    const { vm } = startVm();
    const spaced = new Uint8Array([...genesis.bytes, 0x20]);
    expect(refusalCodeOf(() => vm.verifyBlock(spaced))).toBe("unknown parent");
  });
});

describe("accepting", () => {
  test("makes the block the last accepted one, at its height, as it came", () => {
    const vm = vmWith(a, aa);
    vm.acceptBlock(a.id);
    vm.acceptBlock(aa.id);
    expect(vm.lastAccepted).toEqual(aa);
    expect([0n, 1n, 2n, 3n].map((height) => vm.getBlockIdAtHeight(height))).toEqual([
      genesis.id,
      a.id,
      aa.id,
      undefined,
    ]);
    expect(vm.headMarker).toMatchObject({ height: 2n, id: aa.id });
  });

  test("twice is once", () => {
    const vm = vmWith(a);
    vm.acceptBlock(a.id);
    vm.acceptBlock(a.id);
    vm.acceptBlock(genesis.id);
    expect(vm.lastAccepted).toEqual(a);
    expect(vm.status().blocks.accepted).toBe(1);
  });

  test("prunes the losers at once; their descendants are the node's to reject", () => {
    const vm = vmWith(a, b, aa, ba, baa);
    vm.acceptBlock(a.id);
    expect(vm.getBlock(b.id)).toBeUndefined();
    expect(vm.getBlock(ba.id)).toEqual(ba);
    expect(vm.status()).toMatchObject({ processing: 3, blocks: { accepted: 1, rejected: 1 } });
    for (const { id } of [b, ba, baa]) vm.rejectBlock(id);
    expect(vm.status()).toMatchObject({ processing: 1, blocks: { rejected: 3 } });
    vm.acceptBlock(aa.id);
    expect(vm.lastAccepted).toEqual(aa);
  });

  test("prunes below the new height, too, whatever the node forgot to reject", () => {
    const vm = vmWith(a, b, aa, ab, ba);
    acceptAll(vm, [a, aa]);
    expect(vm.status()).toMatchObject({ processing: 0, blocks: { accepted: 2, rejected: 3 } });
  });

  test.each([
    ["a block whose parent is not accepted yet", [a, aa], aa],
    ["a block on a branch that lost", [a, b, ba], ba],
  ])("%s is refused", (_name, blocks, refused) => {
    const vm = vmWith(...blocks);
    if (blocks.includes(b)) vm.acceptBlock(a.id);
    const last = vm.lastAccepted;
    expect(refusalCodeOf(() => vm.acceptBlock(refused.id))).toBe("not next");
    expect(vm.lastAccepted).toBe(last);
    expect(vm.getBlock(refused.id)).toEqual(refused);
  });

  test("what was only parsed, or never seen, is refused", () => {
    const { vm } = startVm();
    vm.parseBlock(a.bytes);
    expect(refusalOf(() => vm.acceptBlock(a.id))).toEqual({ code: "not processing", id: a.id });
  });
});

describe("rejecting", () => {
  test("forgets the block; twice is once", () => {
    const vm = vmWith(a);
    vm.rejectBlock(a.id);
    vm.rejectBlock(a.id);
    expect(vm.getBlock(a.id)).toBeUndefined();
    expect(vm.lastAccepted).toEqual(genesis);
    expect(vm.status()).toMatchObject({ processing: 0, blocks: { rejected: 1 } });
  });

  test("an accepted block, genesis too, is refused", () => {
    const vm = vmWith(a);
    vm.acceptBlock(a.id);
    for (const { id } of [a, genesis]) {
      expect(refusalOf(() => vm.rejectBlock(id))).toEqual({ code: "already accepted", id });
    }
  });

  test("is for ever: the block is not verified or accepted again", () => {
    const vm = vmWith(a, b);
    vm.rejectBlock(b.id);
    for (let i = 0; i < 2; i++) {
      expect(refusalOf(() => vm.verifyBlock(b.bytes))).toEqual({ code: "already rejected", id: b.id });
      expect(refusalOf(() => vm.acceptBlock(b.id))).toEqual({ code: "already rejected", id: b.id });
      vm.acceptBlock(a.id);
    }
    expect(vm.lastAccepted).toEqual(a);
  });

  test("a loser before its child or after it makes no difference", () => {
    for (const order of [
      [b, ba],
      [ba, b],
    ]) {
      const vm = vmWith(a, b, ba);
      vm.acceptBlock(a.id);
      for (const { id } of order) vm.rejectBlock(id);
      expect(vm.status().processing).toBe(0);
    }
  });
});

test("decisions last: after a restart nothing is processing, and what was decided still is", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm } = startVm({ file });
  verifyAll(vm, a, b, aa);
  vm.acceptBlock(a.id);
  const marker = vm.headMarker;
  vm.close();

  const { vm: again } = startVm({ file, marker });
  expect(again.status().processing).toBe(0);
  expect(refusalCodeOf(() => again.acceptBlock(aa.id))).toBe("not processing");
  expect(refusalCodeOf(() => again.verifyBlock(b.bytes))).toBe("already rejected");
  again.rejectBlock(b.id);
  again.acceptBlock(a.id);
  acceptAll(again, [aa, ...chainOn(aa, 3)]);
  expect(again.lastAccepted.height).toBe(5n);
  again.close();
});

test("an accept that the disk refuses changes nothing, and can be repeated", () => {
  using directory = temporaryDirectory();
  const { opened, connection } = withConnection(() => startVm({ file: directory.file("chain.db") }));
  const { vm } = opened;
  const large = childOf(genesis, new Uint8Array(100_000));
  verifyAll(vm, large, a);
  vm.setPreference(large.id);
  pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
  const before = vm.status();
  expect(refusalOf(() => vm.acceptBlock(large.id))).toMatchObject({ problem: "database or disk is full" });
  expect(vm.status()).toEqual(before);
  expect(vm.lastAccepted).toEqual(genesis);
  expect(vm.getBlock(large.id)).toEqual(large);
  expect(vm.getBlock(a.id)).toEqual(a);
  pragmaOf(connection, "max_page_count = 1000000");
  vm.acceptBlock(large.id);
  expect(vm.lastAccepted).toEqual(large);
  vm.close();
});
