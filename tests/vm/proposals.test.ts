import { describe, expect, test } from "bun:test";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { bytesOf, decideNext, peer, propose, startVm } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";

const items = (vm: Vm) => vm.status().mempool.items;

describe("a proposal", () => {
  test("is gossiped once, at once", () => {
    const { vm, gossiped } = startVm();
    propose(vm, "a", "b", "a");
    expect(gossiped).toEqual([bytesOf("a"), bytesOf("b")]);
    expect(vm.status()).toMatchObject({ mempool: { items: 2 }, proposals: { submitted: 2, gossiped: 0 } });
  });

  test("that is refused is not gossiped", () => {
    const { vm, gossiped } = startVm({ config: { maxMempoolItems: 1 } });
    propose(vm, "a");
    expect(refusalCodeOf(() => propose(vm, "b"))).toBe("mempool full");
    expect(refusalCodeOf(() => propose(vm, new Uint8Array(maxDataBytes + 1)))).toBe("data too large");
    expect(gossiped).toEqual([bytesOf("a")]);
  });

  test("that was accepted may be proposed again: it is a new time stamp", () => {
    const { vm } = startVm();
    for (let i = 0; i < 3; i++) {
      propose(vm, "again");
      decideNext(vm);
    }
    expect(vm.lastAccepted).toMatchObject({ height: 3n, data: bytesOf("again") });
  });

  test("is taken in every state", () => {
    const { vm } = startVm();
    for (const state of ["initializing", "state syncing", "bootstrapping"] as const) {
      vm.setState(state);
      propose(vm, state);
    }
    expect(items(vm)).toBe(3);
  });

  test("has a waiting time that grows with the clock", () => {
    const { vm, clock } = startVm();
    expect(vm.status().mempool.oldestSeconds).toBe(0n);
    propose(vm, "a");
    clock.seconds += 7n;
    propose(vm, "b");
    expect(vm.status().mempool).toEqual({ items: 2, bytes: 2, oldestSeconds: 7n });
  });
});

describe("gossip", () => {
  const gossip = (vm: Vm, ...texts: readonly string[]) => {
    vm.addGossip(
      texts.map((text) => bytesOf(text)),
      peer,
    );
  };
  const peers = [1, 2, 3].map((n) => nodeIdFromBytes(new Uint8Array(20).fill(n)));

  test("is built like a proposal, and not gossiped again", () => {
    const { vm, gossiped } = startVm();
    gossip(vm, "a", "a");
    expect(vm.status()).toMatchObject({ mempool: { items: 1 }, proposals: { submitted: 0, gossiped: 1 } });
    expect(gossiped).toEqual([]);
    expect(decideNext(vm).data).toEqual(bytesOf("a"));
  });

  test("may fill half of the bytes, and leaves the rest to clients", () => {
    const { vm } = startVm({ config: { maxMempoolBytes: 1_000_000 } });
    const data = Array.from({ length: 9 }, (_, i) => new Uint8Array(100_000).fill(i));
    for (const [i, from] of peers.entries()) vm.addGossip(data.slice(3 * i, 3 * i + 3), from);
    expect(vm.status().mempool, "two of the first, and one of each other").toMatchObject({ items: 4, bytes: 400_000 });
    vm.addGossip([new Uint8Array(100_000).fill(9), bytesOf("no more")], peer);
    expect(vm.status().mempool).toMatchObject({ items: 5, bytes: 500_000 });
    for (let i = 0; i < 5; i++) propose(vm, new Uint8Array(100_000).fill(100 + i));
    expect(vm.status().mempool.bytes).toBe(1_000_000);
  });

  test("of too much data is dropped silently", () => {
    const { vm } = startVm();
    vm.addGossip([new Uint8Array(maxDataBytes + 1)], peer);
    expect(items(vm)).toBe(0);
    vm.addGossip([new Uint8Array(maxDataBytes)], peer);
    expect(items(vm)).toBe(1);
  });

  test.each(["initializing", "state syncing", "bootstrapping"] as const)("while %s is dropped", (state) => {
    const { vm } = startVm();
    vm.setState(state);
    gossip(vm, "a");
    expect(items(vm)).toBe(0);
    vm.setState("normal operation");
    gossip(vm, "a");
    expect(items(vm)).toBe(1);
  });
});

test("a closed VM takes no proposal", () => {
  const { vm } = startVm();
  vm.close();
  expect(refusalCodeOf(() => propose(vm, "late"))).toBe("shut down");
});
