import { describe, expect, spyOn, test } from "bun:test";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { allGossipRate, GossipBudget, peerGossipRate, silentAfterMs } from "../../src/vm/mempool/gossip-budget.ts";
import { gossipItemBytes, gossipRate, Pace } from "../../src/vm/mempool/pace.ts";
import { Stakes } from "../../src/vm/stakes.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, chainOn, genesis, peer, startVm } from "../support/chain.ts";

function peerOf(n: number): NodeId {
  return nodeIdFromBytes(new Uint8Array(20).fill(n));
}

function numbered(n: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

/** A message of the most items. */
function message(from: number): Uint8Array[] {
  return Array.from({ length: 256 }, (_, i) => bytesOf(`${from + i}`));
}

describe("the budget of gossip", () => {
  test("of one peer: so many at once, then so many a second", () => {
    const budget = new GossipBudget(0);
    expect(budget.take(9_999, peer, 0)).toBe(peerGossipRate.burst);
    expect(budget.take(1, peer, 0)).toBe(0);
    expect(budget.take(9_999, peer, 1_000)).toBe(peerGossipRate.perSecond);
    expect(budget.take(9_999, peer, 1_500)).toBe(peerGossipRate.perSecond / 2);
    expect(budget.take(10, peer, 2_500), "no more than there are").toBe(10);
  });

  test("of all peers together: so many at once, then so many a second", () => {
    const budget = new GossipBudget(0);
    const takeAll = (nowMs: number) =>
      Array.from({ length: 8 }, (_, n) => budget.take(9_999, peerOf(n), nowMs)).reduce((sum, taken) => sum + taken);
    const { perSecond, burst } = allGossipRate;
    // The first four have all of the burst; the n-th has an n-th of what is kept for those who send.
    const newcomers = [5, 6, 7, 8].map((n) => Math.floor(perSecond / n)).reduce((sum, share) => sum + share);
    expect(takeAll(0)).toBe(burst + newcomers);
    expect(takeAll(0)).toBe(0);
    for (let second = 1; second <= 60; second++) {
      expect(takeAll(second * 1_000)).toBeLessThanOrEqual(perSecond);
    }
  });

  test("of all peers together: at most half as much again, even if sixty often use a new peer's burst", () => {
    const budget = new GossipBudget(0);
    const pauseMs = silentAfterMs;
    let taken = 0;
    for (let ms = 0; ms < 30 * pauseMs; ms += pauseMs) {
      budget.forgetSilent(ms);
      for (let n = 0; n < 60; n++) taken += budget.take(9_999, peerOf(n), ms);
    }
    expect(taken).toBeLessThanOrEqual((1.5 * allGossipRate.perSecond * 30 * pauseMs) / 1_000);
  });

  test.each([
    { hostile: 12, items: 6, everyMs: 10 },
    { hostile: 12, items: 256, everyMs: 10 },
    { hostile: 60, items: 256, everyMs: 100 },
  ])(
    "lets through whole what is within a peer's share, while others send all they can: %j",
    ({ hostile, items, everyMs }) => {
      const budget = new GossipBudget(0);
      const perSecond = Math.floor(allGossipRate.perSecond / (hostile + 1));
      const counts = { hostile: 0, sent: 0, looked: 0 };
      for (let ms = 0; ms < 60_000; ms += everyMs) {
        for (let n = 0; n < hostile; n++) counts.hostile += budget.take(items, peerOf(n), ms);
        if (ms % 1_000 === 0) {
          counts.looked += budget.take(perSecond, peerOf(hostile), ms);
          counts.sent += perSecond;
          budget.forgetSilent(ms);
        }
      }
      expect(counts.looked).toBe(counts.sent);
      expect(counts.looked + counts.hostile).toBeLessThanOrEqual(
        2 * allGossipRate.burst + 61 * allGossipRate.perSecond,
      );
      expect(counts.hostile, "what is left is theirs").toBeGreaterThan(0.9 * 60 * (hostile * perSecond));
    },
  );

  test("of a single peer is no smaller if others send little", () => {
    const budget = new GossipBudget(0);
    for (let ms = 0; ms < 10_000; ms += 100) {
      for (let n = 0; n < 100; n++) budget.take(1, peerOf(n), ms);
      expect(budget.take(51, peer, ms)).toBe(51);
    }
  });

  test("of one peer does not shrink if another uses its own", () => {
    const budget = new GossipBudget(0);
    budget.take(9_999, peer, 0);
    expect(budget.take(100, peerOf(1), 0)).toBe(100);
  });

  test("lets through whatever an honest node sends, the smallest proposals in one burst and for a minute", () => {
    const sender = new Pace(gossipRate, 0);
    const budget = new GossipBudget(0);
    let sent = 0;
    for (let ms = 0; ms <= 60_000; ms += 10) {
      let items = 0;
      for (; sender.free(ms) > 0; items++) sender.spend(gossipItemBytes);
      expect(budget.take(items, peer, ms)).toBe(items);
      sent += items;
    }
    expect(sent).toBeGreaterThan(60 * 500);
  });

  test("lets it through also after the network delayed it for three seconds", () => {
    const budget = new GossipBudget(0);
    const burst = gossipRate.burst / gossipItemBytes;
    const perSecond = gossipRate.perSecond / gossipItemBytes;
    expect(budget.take(burst, peer, 0)).toBe(burst);
    expect(budget.take(3 * perSecond, peer, 3_000)).toBe(3 * perSecond);
  });

  test("forgets silent peers, but none that would gain a new burst by it", () => {
    const budget = new GossipBudget(0);
    budget.take(9_999, peer, 0);
    budget.take(1, peerOf(1), 1);
    budget.forgetSilent(silentAfterMs - 1);
    expect(budget.peers).toBe(2);
    budget.forgetSilent(silentAfterMs);
    expect(budget.peers).toBe(1);
    expect((silentAfterMs / 1_000) * peerGossipRate.perSecond).toBeGreaterThanOrEqual(peerGossipRate.burst);
  });

  test("is divided by stake: three quarters of it, and the fourth among all senders, validators included", () => {
    const budget = new GossipBudget(0);
    budget.setStakes(
      new Stakes(
        new Map([
          [peer, 1n],
          [peerOf(1), 1n],
          [peerOf(2), 10n],
        ]),
      ),
    );
    const crowd = Array.from({ length: 99 }, (_, n) => nodeIdFromBytes(numbered(n)));
    const counts = { validator: 0, crowd: 0 };
    // A twelfth of the stake: a sixteenth of all by it, 256 a second, and ten of 1,024 that a hundred share.
    for (let second = 1; second <= 60; second++) {
      for (let ms = 0; ms < 1_000; ms += 100) {
        for (const from of crowd) counts.crowd += budget.take(256, from, second * 1_000 + ms);
      }
      counts.validator += budget.take(266, peer, second * 1_000 + 999);
      budget.forgetSilent(second * 1_000 + 999);
    }
    expect(counts.validator).toBe(60 * 266);
    expect(counts.crowd).toBeLessThan(allGossipRate.burst + 61 * allGossipRate.perSecond);
  });

  test("of a thousand validators, each with the least stake, is an equal share for each", () => {
    const budget = new GossipBudget(0);
    const crowd = Array.from({ length: 1_000 }, (_, n) => nodeIdFromBytes(numbered(n)));
    budget.setStakes(new Stakes(new Map(crowd.map((nodeId) => [nodeId, 1n]))));
    for (let ms = 0; ms <= 20_000; ms += 1_000) {
      const taken = crowd.map((from) => budget.take(9_999, from, ms));
      if (ms === 20_000) expect(new Set(taken.slice(100)), "3.07 by stake, and 1.02").toEqual(new Set([4]));
    }
  });

  test("gives each of two thousand senders something, even if others send all they can", () => {
    const budget = new GossipBudget(0);
    const taken = new Map<number, number>();
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 500) {
      for (let n = 0; n < 2_000; n++) {
        const took = budget.take(n === 1_999 ? 1 : 256, nodeIdFromBytes(numbered(n)), nowMs);
        taken.set(n, (taken.get(n) ?? 0) + took);
      }
    }
    expect(taken.get(1_999)).toBeGreaterThan(20); // a quarter of 4,096 a second, for two thousand
  });

  test("keeps no peer from which it takes nothing, and so no more peers than shares", () => {
    const budget = new GossipBudget(0);
    for (let n = 0; n < 9_999; n++) budget.take(9_999, nodeIdFromBytes(numbered(n)), 0);
    expect(budget.peers).toBe(allGossipRate.perSecond);
  });
});

describe("gossip that is not taken", () => {
  const refused = (vm: Vm) => vm.status().proposals.refused;

  test("for lack of room is counted, and neither looked up nor read", () => {
    const { vm } = startVm({ config: { maxMempoolItems: 40 } });
    const lookUps = spyOn(BlockStore.prototype, "carries");
    vm.addGossip(message(0), peer);
    expect(vm.status()).toMatchObject({ mempool: { items: 10 }, proposals: { gossiped: 10, refused: 246 } });
    lookUps.mockClear();
    for (let i = 0; i < 100; i++) {
      // Bytes that cannot be read: what is refused is not even hashed.
      const unread = message(1_000).map((data) => new Proxy(data, { get: readLengthOnly }));
      vm.addGossip(unread, peer);
    }
    expect(lookUps).not.toHaveBeenCalled();
    expect(refused(vm)).toBe(246 + 100 * 256);
    lookUps.mockRestore();
  });

  test("for lack of time is counted, and not looked up", () => {
    const { vm, clock } = startVm();
    const late = chainOn(genesis, 2);
    acceptAll(vm, late);
    const lookUps = spyOn(BlockStore.prototype, "carries");
    const known = Array.from({ length: 256 }, (_, i) => late[i % 2]?.data ?? bytesOf(""));
    for (let i = 0; i < 20; i++) vm.addGossip(known, peer);
    expect(lookUps).toHaveBeenCalledTimes(peerGossipRate.burst);
    expect(vm.status().proposals).toMatchObject({ received: 5_120, gossiped: 0, refused: 5_120 - 2_048 });
    clock.advanceMs(1_000);
    vm.addGossip(known, peer);
    expect(lookUps).toHaveBeenCalledTimes(peerGossipRate.burst + 256);
    lookUps.mockRestore();
  });

  test("because it waits already is not refused, and not looked up", () => {
    const { vm } = startVm();
    const lookUps = spyOn(BlockStore.prototype, "carries");
    vm.addGossip(message(0), peer);
    expect(lookUps).toHaveBeenCalledTimes(256);
    vm.addGossip(message(0), peerOf(1));
    expect(lookUps).toHaveBeenCalledTimes(256);
    expect(vm.status()).toMatchObject({ mempool: { items: 256 }, proposals: { gossiped: 256, refused: 0 } });
    lookUps.mockRestore();
  });

  test("because it is too large is counted", () => {
    const { vm } = startVm();
    vm.addGossip([new Uint8Array(maxDataBytes + 1)], peer);
    expect(refused(vm)).toBe(1);
  });

  test("may go, or change, as soon as it was given", () => {
    const { vm } = startVm();
    const data = bytesOf("data");
    vm.addGossip([data], peer);
    data.fill(0);
    expect(vm.buildBlock().data).toEqual(bytesOf("data"));
  });
});

function readLengthOnly(target: Uint8Array, name: string | symbol): unknown {
  if (name === "length") return target.length;
  throw new Error(`${String(name)} was read`);
}
