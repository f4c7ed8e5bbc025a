import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxLostPerSlice } from "../../src/vm/decisions.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, chainOn, childOf, genesis, propose, startVm } from "../support/chain.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const [a, b] = [childOf(genesis, "a"), childOf(genesis, "b")];
const aa = childOf(a, "aa");

function verifyAll(vm: Vm, ...blocks: readonly Block[]): void {
  for (const block of blocks) expect(vm.verifyBlock(block.bytes)).toEqual(block);
}

test("what is verified, accepted or rejected twice counts once", () => {
  const { vm } = startVm();
  verifyAll(vm, a, a, b, b);
  for (const id of [a.id, a.id, genesis.id]) vm.acceptBlock(id);
  for (const id of [b.id, b.id]) vm.rejectBlock(id);
  expect(vm.status()).toMatchObject({ processing: 0, blocks: { verified: 2, accepted: 1, rejected: 1 } });
});

test("another genesis is refused, even one of its own form", () => {
  const { vm } = startVm();
  const spaced = new Uint8Array([...genesis.bytes, 0x20]);
  expect(refusalCodeOf(() => vm.verifyBlock(spaced))).toBe("unknown parent");
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
