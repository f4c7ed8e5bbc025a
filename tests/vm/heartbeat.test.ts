import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { heartbeatOn } from "../../src/core/heartbeat.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, peer, propose, startVm } from "../support/chain.ts";
import { stateOf } from "../support/promise.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { memoryDirectory } from "../support/temporary.ts";
import { isAnnounced } from "./announced.ts";

const start = (config = {}) => startVm({ config: { heartbeatSeconds: 60, ...config } });
const words = "timestampvm/heartbeat/v1";

function isHeartbeat({ data, parentId }: Block): boolean {
  const wanted = Buffer.concat([bytesOf(words), idToBytes(parentId)]);
  return wanted.equals(data);
}

test("the data of a heartbeat are its words and its parent's id, 56 bytes", () => {
  // Genesis of all tests: its id is a vector of timestampvm-rs.
  const data = heartbeatOn(genesis.id);
  expect(data).toHaveLength(56);
  expect(new TextDecoder().decode(data.subarray(0, 24))).toBe(words);
  expect(data.subarray(24)).toEqual(idToBytes(genesis.id));
});

describe("a heartbeat", () => {
  test("is announced and built when no block was accepted for so long, and then again after as long", async () => {
    const { vm, clock } = start();
    for (let height = 1n; height <= 3n; height++) {
      clock.passMs(59_999);
      expect(await isAnnounced(vm)).toBeFalse();
      expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "too early", waitMs: 1 });
      const waiting = vm.waitForEvent(new AbortController().signal);
      clock.passMs(1);
      expect(await stateOf(waiting), "a node that waits hears of it by the clock alone").toBe("resolved");
      const block = decideNext(vm);
      expect(isHeartbeat(block)).toBeTrue();
      expect(block).toMatchObject({ height, timestamp: now + height * 60n });
    }
  });

  test("is none unless it is wished", async () => {
    const { vm, clock } = startVm();
    clock.passMs(1_000_000_000);
    expect(await isAnnounced(vm)).toBeFalse();
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "nothing to build" });
  });

  test("neither waits in the mempool nor is gossiped", () => {
    using directory = memoryDirectory();
    const { vm, clock, gossiped } = startVm({ file: directory.file("chain.db"), config: { heartbeatSeconds: 60 } });
    clock.passMs(60_000);
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    expect(vm.status().mempool).toEqual({ items: 0, bytes: 0, oldestSeconds: 0n });
    vm.rejectBlock(block.id);
    clock.passMs(600_000);
    expect([[...vm.waiting()], gossiped]).toEqual([[], []]);
    vm.checkHealth();
    vm.close();
  });

  test("comes after any proposal, of clients and of peers", () => {
    const { vm, clock } = start();
    clock.passMs(1_000_000);
    propose(vm, "a");
    vm.addGossip([bytesOf("b")], peer);
    const texts = [decideNext(vm), decideNext(vm)].map(({ data }) => new TextDecoder().decode(data));
    expect(texts.sort()).toEqual(["a", "b"]);
    expect(
      refusalCodeOf(() => vm.buildBlock()),
      "they said the time",
    ).toBe("too early");
  });

  test("that is undecided does not hold up a proposal", () => {
    const { vm, clock } = start();
    clock.passMs(60_000);
    const heartbeat = vm.verifyBlock(vm.buildBlock().bytes);
    propose(vm, "a");
    expect(vm.buildBlock()).toMatchObject({ height: 1n, data: bytesOf("a") });
    vm.setPreference(heartbeat.id);
    expect(vm.buildBlock()).toMatchObject({ height: 2n, data: bytesOf("a"), parentId: heartbeat.id });
  });

  test("is counted from the last accepted block, whoever made it", () => {
    const { vm, clock } = start();
    clock.passMs(59_000);
    acceptAll(vm, [childOf(genesis, "theirs")]);
    clock.passMs(59_000);
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "too early", waitMs: 1_000 });
  });

  test("is counted from the start after a restart, and by the monotonic clock", async () => {
    using directory = memoryDirectory();
    const file = directory.file("chain.db");
    const config = { heartbeatSeconds: 60 };
    const before = startVm({ file, config });
    acceptAll(before.vm, [childOf(genesis, "old")]);
    const marker = before.vm.headMarker;
    before.vm.close();
    const { vm, clock } = startVm({ file, config, marker });
    clock.seconds += 1_000_000n;
    clock.passMs(59_999);
    expect(await isAnnounced(vm)).toBeFalse();
    clock.seconds -= 2_000_000n;
    clock.passMs(1);
    clock.seconds += 2_000_000n;
    expect(isHeartbeat(vm.buildBlock())).toBeTrue();
    vm.close();
  });

  test("keeps to the block interval", () => {
    const { vm, clock } = start({ minBlockIntervalMs: 100_000 });
    acceptAll(vm, [childOf(genesis, "a")]);
    vm.setPreference(vm.lastAccepted.id);
    clock.passMs(60_000);
    expect(refusalOf(() => vm.buildBlock())).toEqual({ code: "too early", waitMs: 40_000 });
  });
});

describe("while a heartbeat of the same parent is undecided, no other is built", () => {
  test("whether it is preferred or not, and one is built again when it is rejected", async () => {
    const { vm, clock } = start();
    clock.passMs(60_000);
    const heartbeat = vm.verifyBlock(vm.buildBlock().bytes);
    clock.passMs(600_000);
    expect(await isAnnounced(vm)).toBeFalse();
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    vm.setPreference(heartbeat.id);
    clock.passMs(600_000);
    expect(await isAnnounced(vm)).toBeFalse();
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    vm.rejectBlock(heartbeat.id);
    expect(await isAnnounced(vm)).toBeTrue();
    const again = vm.buildBlock();
    expect([isHeartbeat(again), again.id === heartbeat.id]).toEqual([true, false]);
  });

  test("also one that another node made", () => {
    const { vm, clock } = start();
    clock.passMs(60_000);
    const theirs = vm.verifyBlock(childOf(genesis, heartbeatOn(genesis.id), now + 7n).bytes);
    expect(refusalCodeOf(() => vm.buildBlock())).toBe("nothing to build");
    vm.acceptBlock(theirs.id);
    clock.passMs(60_000);
    expect(decideNext(vm)).toMatchObject({ height: 2n });
  });

  test("and a node that never verifies it is not asked in a loop", async () => {
    const { vm, clock } = start();
    clock.passMs(60_000);
    let announced = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      if (await isAnnounced(vm)) announced++;
      vm.buildBlock(); // comes to nothing in the node
      clock.passMs(10);
    }
    expect(announced).toBeGreaterThanOrEqual(36); // every 250 ms
    expect(announced).toBeLessThanOrEqual(41);
  });
});
