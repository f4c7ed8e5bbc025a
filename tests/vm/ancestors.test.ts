import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { type AncestorLimits, maxAncestorsMs, quickBytes } from "../../src/vm/ancestors.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, chainOn, childOf, genesis, startVm } from "../support/chain.ts";

const accepted = chainOn(genesis, 6);
const processing = chainOn(accepted.at(-1) ?? genesis, 3);
const newestFirst = [genesis, ...accepted, ...processing].reverse();
const [newest] = newestFirst as [Block];
const plenty: AncestorLimits = { maxBlocks: 100, maxBytes: 1_000_000, maxMs: 100 };

function vmWithChain(): Vm {
  const { vm } = startVm();
  acceptAll(vm, accepted);
  for (const { bytes } of processing) vm.verifyBlock(bytes);
  return vm;
}

const count = (limits: Partial<AncestorLimits>) =>
  vmWithChain().getAncestors(newest.id, { ...plenty, ...limits }).length;
/** Each block in the answer is preceded by its length. */
const bytesFor = (blocks: number) =>
  newestFirst.slice(0, blocks).reduce((sum, block) => sum + block.bytes.length + 4, 0);

describe("the ancestors of a block", () => {
  test("come newest first, from the block itself down to genesis, processing or accepted", () => {
    const vm = vmWithChain();
    expect(vm.getAncestors(newest.id, plenty)).toEqual(newestFirst);
    expect(vm.getAncestors(accepted[1]?.id ?? zeroId, plenty)).toEqual(newestFirst.slice(-3));
    expect(vm.getAncestors(genesis.id, plenty)).toEqual([genesis]);
  });

  test("of an unknown block are none", () => {
    const vm = vmWithChain();
    expect(vm.getAncestors(zeroId, plenty)).toEqual([]);
    expect(vm.getAncestors(childOf(newest).id, plenty)).toEqual([]);
  });

  test("of a block on a branch that lost are those that are still stored", () => {
    const { vm } = startVm();
    const lost = chainOn(childOf(genesis, "rival"), 2);
    for (const { bytes } of [childOf(genesis, "rival"), ...lost]) vm.verifyBlock(bytes);
    acceptAll(vm, accepted.slice(0, 1));
    expect(vm.getAncestors(lost[1]?.id ?? zeroId, plenty)).toEqual(lost.toReversed());
  });
});

describe("the limits", () => {
  test("in blocks", () => {
    expect([1, 2, 9, 10, 11].map((maxBlocks) => count({ maxBlocks }))).toEqual([1, 2, 9, 10, 10]);
  });

  test("in bytes, lengths included: the last that fits, the first that does not", () => {
    expect(
      [bytesFor(3), bytesFor(3) - 1, bytesFor(10), bytesFor(10) - 1].map((maxBytes) => count({ maxBytes })),
    ).toEqual([3, 2, 10, 9]);
  });

  test.each([0, -1, Number.MIN_SAFE_INTEGER])("of %p give the block alone", (zero) => {
    expect(count({ maxBlocks: zero })).toBe(1);
    expect(count({ maxBytes: zero })).toBe(1);
    expect(count({ maxBlocks: zero, maxBytes: zero, maxMs: zero })).toBe(1);
  });

  test("in time: a clock that does not stand still ends the walk", () => {
    const { vm, clock } = startVm();
    acceptAll(vm, accepted);
    const slow = { ...plenty, maxMs: 25 };
    const { elapsedMs } = clock;
    clock.elapsedMs = () => {
      clock.advanceMs(10);
      return elapsedMs.call(clock);
    };
    expect(vm.getAncestors(accepted.at(-1)?.id ?? zeroId, slow).length).toBe(3);
    expect(vm.getAncestors(accepted.at(-1)?.id ?? zeroId, { ...plenty, maxMs: -100 }).length).toBe(1);
  });

  test("in time: our own limit holds even if the node allows more, so that other calls are not delayed", () => {
    expect([maxAncestorsMs, quickBytes]).toEqual([20, 16_384]);
    const { vm, clock } = startVm();
    const large: Block[] = [genesis];
    for (let i = 0; i < 8; i++) large.push(childOf(large.at(-1) ?? genesis, new Uint8Array(2_700).fill(i)));
    acceptAll(vm, large.slice(1));
    const { elapsedMs } = clock;
    let stepMs = 10;
    clock.elapsedMs = () => {
      clock.advanceMs(stepMs);
      return elapsedMs.call(clock);
    };
    const given = () => vm.getAncestors(large.at(-1)?.id ?? zeroId, { ...plenty, maxMs: 1_000 }).length;
    expect(given()).toBe(3);
    stepMs = 0;
    expect(given()).toBe(9);
  });

  test("of thousands give two thousand and forty-eight at most", () => {
    const { vm } = startVm();
    const long = chainOn(genesis, 2_100);
    vm.setState("bootstrapping");
    acceptAll(vm, long);
    const limits = { maxBlocks: 1_000_000, maxBytes: 1e9, maxMs: 1e9 };
    expect(vm.getAncestors(long.at(-1)?.id ?? zeroId, limits).length).toBe(2_048);
  });
});
