import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { digestFromBytes, digestOf, digestToBytes } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, allOf, bytesOf, chainOn, childOf, genesis, spaced, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const maxU64 = 2n ** 64n - 1n;

/** Accepts blocks of which the node's database does not know yet. */
function acceptUnconfirmed(vm: Vm, blocks: readonly Block[]): void {
  for (const block of blocks) {
    vm.verifyBlock(block.bytes);
    vm.acceptBlock(block.id);
  }
}

const heightsOf = (blocks: Iterable<Block>) => [...blocks].map(({ height }) => height);

describe("until the node's database knows an accepted block, clients", () => {
  const blocks = chainOn(genesis, 3);
  const [one = genesis, two = genesis, three = genesis] = blocks;
  const { vm } = startVm();
  acceptAll(vm, [one]);
  acceptUnconfirmed(vm, [two, three]);
  const { confirmed } = vm;

  test("see the one before it as the last", () => {
    expect(vm.lastAccepted).toEqual(three);
    expect(confirmed.last).toEqual(one);
    expect(confirmed.getBlockAt(maxU64)).toEqual(one);
    expect([...confirmed.blocksFrom(maxU64, "descending")]).toEqual([one, genesis]);
  });

  test("do not see it by any method", () => {
    for (const { id, height, data } of [two, three]) {
      expect(confirmed.getBlock(id)).toBeUndefined();
      expect(confirmed.getBlockAtHeight(height)).toBeUndefined();
      expect(confirmed.findData(digestOf(data))).toBeUndefined();
      expect([...confirmed.find(digestOf(data))]).toEqual([]);
      expect([...confirmed.blocksFrom(height, "ascending")]).toEqual([]);
    }
  });

  test("see it from then on", () => {
    vm.confirm(two);
    expect(confirmed.last).toEqual(two);
    expect(confirmed.getBlock(two.id)).toEqual(two);
    expect(confirmed.getBlock(one.id)).toEqual(one);
    expect(confirmed.getBlock(three.id)).toBeUndefined();
    expect(confirmed.getBlockAtHeight(2n)).toEqual(two);
    expect([...confirmed.find(digestOf(two.data))]).toEqual([two]);
    expect([...confirmed.blocksFrom(0n, "ascending")]).toEqual([genesis, one, two]);
  });
});

test("a chain that is opened is all confirmed", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm } = startVm({ file });
  const blocks = chainOn(genesis, 3);
  acceptUnconfirmed(vm, blocks);
  const marker = vm.headMarker;
  vm.close();
  const { vm: again } = startVm({ file, marker });
  expect([...again.confirmed.blocksFrom(0n, "ascending")]).toEqual([genesis, ...blocks]);
  again.close();
});

describe("a processing or rejected block", () => {
  test("is not there", () => {
    const { vm } = startVm();
    const [processing, rejected] = [childOf(genesis, "a"), childOf(genesis, "b")];
    for (const { bytes } of [processing, rejected]) vm.verifyBlock(bytes);
    vm.rejectBlock(rejected.id);
    for (const { id, data } of [processing, rejected]) {
      expect(vm.confirmed.getBlock(id)).toBeUndefined();
      expect([...vm.confirmed.find(digestOf(data))]).toEqual([]);
    }
    expect(vm.confirmed.getBlock(zeroId)).toBeUndefined();
  });
});

describe("blocks from a height", () => {
  const { vm } = startVm();
  acceptAll(vm, chainOn(genesis, 3));
  const { confirmed } = vm;

  test.each([
    [0n, "ascending", [0n, 1n, 2n, 3n]],
    [2n, "ascending", [2n, 3n]],
    [3n, "ascending", [3n]],
    [4n, "ascending", []],
    [maxU64, "ascending", []],
    [0n, "descending", [0n]],
    [2n, "descending", [2n, 1n, 0n]],
    [3n, "descending", [3n, 2n, 1n, 0n]],
    [4n, "descending", [3n, 2n, 1n, 0n]],
    [maxU64, "descending", [3n, 2n, 1n, 0n]],
  ] as const)("%p, %s, are %p", (height, order, heights) => {
    expect(heightsOf(confirmed.blocksFrom(height, order))).toEqual([...heights]);
  });

  test("are read one at a time, and include blocks that come meanwhile", () => {
    const { vm } = startVm();
    const [one = genesis, two = genesis] = chainOn(genesis, 2);
    acceptAll(vm, [one]);
    const blocks = vm.confirmed.blocksFrom(0n, "ascending");
    expect(blocks.next().value).toEqual(genesis);
    expect(blocks.next().value).toEqual(one);
    acceptAll(vm, [two]);
    expect(blocks.next().value).toEqual(two);
    expect(blocks.next().done).toBeTrue();
  });

  test("are an error where one is missing", () => {
    const store = BlockStore.open(":memory:");
    const [one = genesis, two = genesis, three = genesis] = chainOn(genesis, 3);
    const last = spaced(three);
    store.acceptAll([genesis, one, last]);
    const blocks = new ConfirmedChain(store, new FakeClock(), allOf(store)).blocksFrom(maxU64, "descending");
    expect(blocks.next().value).toEqual(last);
    expect(refusalOf(() => blocks.next())).toMatchObject({
      code: "database failed",
      problem: `its block at height ${two.height} is missing`,
    });
  });
});

describe("what is found for a digest", () => {
  const inner = digestOf(bytesOf("document"));
  const outer = digestOf(digestToBytes(inner));
  const rows = {
    "the data itself": bytesOf("document"),
    "its digest": digestToBytes(inner),
    "the digest of its digest": digestToBytes(outer),
    "its digest as text": bytesOf(inner),
    "one byte less of its digest": digestToBytes(inner).subarray(1),
    "its digest and one byte more": Uint8Array.of(...digestToBytes(inner), 0),
    "the data again": bytesOf("document"),
    "its digest again": digestToBytes(inner),
  };
  const { vm } = startVm();
  for (const data of Object.values(rows)) acceptAll(vm, [childOf(vm.lastAccepted, data)]);
  const found = (digest: typeof inner, from = 0n) =>
    heightsOf(vm.confirmed.find(digest, from)).map((height) => Object.keys(rows)[Number(height) - 1] as string);

  test("is the block of the data and that of its digest, the lowest first", () => {
    expect(found(inner)).toEqual(["the data itself", "its digest", "the data again", "its digest again"]);
    expect(found(outer)).toEqual(["its digest", "the digest of its digest", "its digest again"]);
    expect(found(digestOf(rows["its digest as text"]))).toEqual(["its digest as text"]);
  });

  test.each([
    [1n, 4],
    [2n, 3],
    [3n, 2],
    [7n, 2],
    [8n, 1],
    [9n, 0],
    [maxU64, 0],
  ])("from height %p up has %p blocks", (from, count) => {
    expect(found(inner, from).length).toBe(count);
  });

  test("is read one block at a time", () => {
    const blocks = vm.confirmed.find(inner);
    expect(blocks.next().value?.height).toBe(1n);
    expect(blocks.next().value?.height).toBe(2n);
  });

  test("is nothing if no block carries it", () => {
    expect(found(digestFromBytes(new Uint8Array(32)))).toEqual([]);
  });
});
