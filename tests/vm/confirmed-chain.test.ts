import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { digestOf, digestToBytes } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import { acceptAll, allOf, bytesOf, chainOn, childOf, genesis, spaced, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { refusalOf } from "../support/refusal.ts";

const maxU64 = 2n ** 64n - 1n;

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

test("what is found for a digest is read one block at a time", () => {
  const { vm } = startVm();
  const inner = digestOf(bytesOf("document"));
  for (const data of [bytesOf("document"), digestToBytes(inner)]) acceptAll(vm, [childOf(vm.lastAccepted, data)]);
  const blocks = vm.confirmed.find(inner);
  expect(blocks.next().value?.height).toBe(1n);
  expect(blocks.next().value?.height).toBe(2n);
});
