import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxLostPerSlice } from "../../src/vm/decisions.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, chainOn, childOf, genesis, now, propose, startVm } from "../support/chain.ts";
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
  test("twice does the same as once", () => {
    const vm = vmWith(a, a, aa, aa);
    expect(vm.status()).toMatchObject({ processing: 2, blocks: { verified: 2 } });
  });

  test("an accepted block again changes nothing, genesis too", () => {
    const vm = vmWith(a);
    vm.acceptBlock(a.id);
    verifyAll(vm, genesis, a);
    expect(vm.status()).toMatchObject({ processing: 0, blocks: { verified: 1 } });
  });

  test("a refused block later succeeds, once the clock has reached its time", () => {
    const { vm, clock } = startVm();
    const early = childOf(genesis, "early", now + 3600n);
    expect(refusalCodeOf(() => vm.verifyBlock(early.bytes))).toBe("future timestamp");
    clock.seconds += 1n;
    verifyAll(vm, early);
    const orphan = childOf(a);
    expect(refusalCodeOf(() => vm.verifyBlock(orphan.bytes))).toBe("unknown parent");
    verifyAll(vm, a, orphan);
  });

  test("keeps the bytes as received, in any form", () => {
    const { vm } = startVm();
    const bytes = new Uint8Array([0x20, ...a.bytes]);
    const spaced = vm.verifyBlock(bytes);
    expect(spaced.id).not.toBe(a.id);
    vm.acceptBlock(spaced.id);
    expect(vm.getBlock(spaced.id)?.bytes).toEqual(bytes);
    verifyAll(vm, childOf(spaced));
  });

  test("another genesis is refused, even one in the same form", () => {
    const { vm } = startVm();
    const spaced = new Uint8Array([...genesis.bytes, 0x20]);
    expect(refusalCodeOf(() => vm.verifyBlock(spaced))).toBe("unknown parent");
  });
});

describe("accepting", () => {
  test("makes the block the last accepted one, at its height, with its bytes as received", () => {
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

  test("twice does the same as once", () => {
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

  test("prunes all below the new height too, even if the node did not reject them", () => {
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

describe("a block that lost by an accept", () => {
  const rivals = Array.from({ length: 2 * maxLostPerSlice + 1 }, (_, i) => childOf(genesis, `rival ${i}`));
  const [first, , , last] = [rivals[0], rivals[1], rivals[2], rivals.at(-1)] as [Block, Block, Block, Block];
  const rejectedIn = (connection: Database) =>
    connection.query<{ n: bigint }, []>("SELECT count(*) AS n FROM rejected").get()?.n;

  function start(file = ":memory:") {
    const { opened, connection } = withConnection(() => startVm({ file }));
    verifyAll(opened.vm, a, ...rivals, ba0);
    return { ...opened, connection };
  }

  /** A child of a rival. */
  const ba0 = childOf(first, "ba");

  test("stops processing at once, and is written down in a slice", () => {
    const { vm, clock, connection } = start();
    vm.acceptBlock(a.id);
    expect(rejectedIn(connection), "the accept writes the block alone").toBe(0n);
    expect(vm.status()).toMatchObject({ processing: 1, blocks: { accepted: 1, rejected: rivals.length } });
    const written = [1, 2, 3, 4].map(() => {
      clock.advanceMs(10);
      return Number(rejectedIn(connection));
    });
    expect(written).toEqual([maxLostPerSlice, 2 * maxLostPerSlice, rivals.length, rivals.length]);
    expect(vm.status()).toMatchObject({ processing: 1, blocks: { rejected: rivals.length } });
  });

  test("counts as rejected before it is written down", () => {
    const { vm, connection } = start();
    propose(vm, "rival 0");
    vm.setPreference(first.id);
    vm.acceptBlock(a.id);
    expect(vm.getBlock(last.id)).toBeUndefined();
    expect(vm.receiptOf(digestOf(last.data))).toEqual({ status: "unknown" });
    expect(vm.status().preference.id).toBe(a.id);
    vm.setPreference(first.id);
    expect(vm.status().preference.id, "it is no block to build on").toBe(a.id);
    expect(vm.buildBlock().data).toEqual(first.data);
    expect(refusalCodeOf(() => vm.verifyBlock(last.bytes))).toBe("already rejected");
    expect(refusalOf(() => vm.acceptBlock(last.id))).toEqual({ code: "already rejected", id: last.id });
    expect(refusalCodeOf(() => vm.verifyBlock(childOf(last).bytes))).toBe("unknown parent");
    expect(rejectedIn(connection)).toBe(0n);
  });

  test("is written down at once where the node rejects it itself, and counted once", () => {
    const { vm, clock, connection } = start();
    vm.acceptBlock(a.id);
    for (const { id } of [last, first, last]) vm.rejectBlock(id);
    expect(rejectedIn(connection)).toBe(2n);
    clock.advanceMs(1_000);
    for (const { id } of rivals) vm.rejectBlock(id);
    expect(rejectedIn(connection)).toBe(BigInt(rivals.length));
    expect(vm.status().blocks.rejected).toBe(rivals.length);
  });

  test("of another height is written in the same slices", () => {
    const { vm, clock, connection } = start();
    acceptAll(vm, [a, aa]);
    expect(vm.status()).toMatchObject({ processing: 0, blocks: { rejected: rivals.length + 1 } });
    clock.advanceMs(1_000);
    expect(rejectedIn(connection)).toBe(BigInt(rivals.length + 1));
  });

  test("is written by a later slice if the disk refused one", () => {
    using directory = temporaryDirectory();
    const { vm, clock, connection } = start(directory.file("chain.db"));
    vm.acceptBlock(a.id);
    pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
    clock.advanceMs(10);
    expect(rejectedIn(connection)).toBe(0n);
    expect(refusalCodeOf(() => vm.acceptBlock(last.id))).toBe("already rejected");
    pragmaOf(connection, "max_page_count = 1000000");
    clock.advanceMs(2_000);
    expect(rejectedIn(connection)).toBe(BigInt(rivals.length));
    vm.close();
  });

  test("can never be accepted again, even if its slice was never written", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm, clock } = start(file);
    vm.acceptBlock(a.id);
    clock.advanceMs(10);
    const marker = vm.headMarker;
    vm.close();
    const again = startVm({ file, marker }).vm;
    expect(refusalCodeOf(() => again.verifyBlock(first.bytes))).toBe("already rejected");
    expect(refusalCodeOf(() => again.verifyBlock(last.bytes))).toBe("height decided");
    expect(refusalCodeOf(() => again.acceptBlock(last.id))).toBe("not processing");
    again.close();
  });
});

describe("rejecting", () => {
  test("forgets the block; twice does the same as once", () => {
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

  test("is final: the block is not verified or accepted again", () => {
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

test("after a restart nothing is processing, and decisions that were written down remain", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm, clock } = startVm({ file });
  verifyAll(vm, a, b, aa);
  vm.acceptBlock(a.id);
  clock.advanceMs(1_000);
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
