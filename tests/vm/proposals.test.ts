import { describe, expect, test } from "bun:test";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, peer, propose, startVm } from "../support/chain.ts";
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

  test("stays through every build, verify and reject, and is removed by an accept alone", () => {
    const { vm } = startVm();
    propose(vm, "a");
    const built = vm.buildBlock();
    expect(items(vm)).toBe(1);
    vm.verifyBlock(built.bytes);
    vm.setPreference(built.id);
    expect(items(vm)).toBe(1);
    expect(
      refusalCodeOf(() => vm.buildBlock()),
      "the preferred block carries it",
    ).toBe("nothing to build");
    acceptAll(vm, [childOf(genesis, "theirs")]);
    vm.rejectBlock(built.id);
    expect(items(vm)).toBe(1);
    expect(decideNext(vm)).toMatchObject({ height: 2n, data: bytesOf("a") });
    expect(items(vm)).toBe(0);
  });

  test("is removed when an accepted block of another node carries it", () => {
    const { vm } = startVm();
    propose(vm, "a", "b");
    acceptAll(vm, [childOf(genesis, "b")]);
    expect(vm.buildBlock()).toMatchObject({ height: 2n, data: bytesOf("a") });
    expect(items(vm)).toBe(1);
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

  test("may fill half of the items, and leaves the rest to clients", () => {
    const { vm } = startVm({ config: { maxMempoolItems: 8 } });
    for (const from of peers)
      vm.addGossip(
        [1, 2, 3].map((n) => bytesOf(`${n} of ${from}`)),
        from,
      );
    expect(items(vm)).toBe(4);
    propose(vm, "a", "b", "c", "e");
    expect(refusalCodeOf(() => propose(vm, "d"))).toBe("mempool full");
  });

  test("of one peer may fill a quarter, and leaves the rest to others", () => {
    const { vm } = startVm({ config: { maxMempoolItems: 8 } });
    gossip(vm, "1", "2", "3");
    expect(items(vm)).toBe(2);
    vm.addGossip([bytesOf("3")], peers[0] ?? peer);
    expect(items(vm)).toBe(3);
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

  test("has its half even if clients have filled the other one, and no more", () => {
    const { vm } = startVm({ config: { maxMempoolItems: 4 } });
    propose(vm, "a", "b");
    for (const from of peers) vm.addGossip([bytesOf(`of ${from}`)], from);
    expect(items(vm)).toBe(4);
    expect(refusalCodeOf(() => propose(vm, "c"))).toBe("mempool full");
  });

  test("of too much data is dropped silently", () => {
    const { vm } = startVm();
    vm.addGossip([new Uint8Array(maxDataBytes + 1)], peer);
    expect(items(vm)).toBe(0);
    vm.addGossip([new Uint8Array(maxDataBytes)], peer);
    expect(items(vm)).toBe(1);
  });

  test("that comes after its block is not taken again, not even after a restart", () => {
    const { vm } = startVm();
    gossip(vm, "late");
    decideNext(vm);
    acceptAll(vm, [childOf(vm.lastAccepted, "theirs")]);
    gossip(vm, "late", "theirs", "Hello from Rust VM!");
    expect(items(vm)).toBe(0);
    propose(vm, "late");
    expect(items(vm), "a client may").toBe(1);
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

test("a flood of gossip leaves every second block to our own clients, and gets the others", () => {
  const { vm } = startVm();
  vm.addGossip(
    Array.from({ length: 100 }, (_, i) => bytesOf(`flood ${i}`)),
    peer,
  );
  vm.propose(["a", "b", "c"].map((text) => ({ data: bytesOf(text), caller: "client" })));
  const texts = Array.from({ length: 8 }, () => new TextDecoder().decode(decideNext(vm).data));
  expect(texts).toEqual(["flood 0", "a", "flood 1", "b", "flood 2", "c", "flood 3", "flood 4"]);
});

test("a closed VM takes no proposal", () => {
  const { vm } = startVm();
  vm.close();
  expect(refusalCodeOf(() => propose(vm, "late"))).toBe("shut down");
});
