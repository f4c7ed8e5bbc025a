import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { State } from "../../src/vm/status.ts";
import { acceptAll, chainOn, genesis, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const states: readonly State[] = ["initializing", "state syncing", "bootstrapping", "normal operation"];
const [normal, full] = [1n, 2n];

describe("how far a commit is synced", () => {
  test.each([
    ["auto", [normal, normal, normal, full]],
    ["normal", [normal, normal, normal, normal]],
    ["full", [full, full, full, full]],
  ] as const)("%s", (durability, wanted) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { opened, connection } = withConnection(() => startVm({ file, config: { durability } }));
    const synced = states.map((state) => {
      opened.vm.setState(state);
      return pragmaOf(connection, "synchronous");
    });
    expect(synced).toEqual([...wanted]);
    opened.vm.close();
  });
});

test("normal operation begins with all blocks in the file itself", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm } = startVm({ file });
  vm.setState("bootstrapping");
  acceptAll(vm, chainOn(genesis, 500));
  expect(Bun.file(`${file}-wal`).size).toBeGreaterThan(0);
  vm.setState("normal operation");
  expect(Bun.file(`${file}-wal`).size).toBe(0);
  expect(vm.status().databaseBytes).toBe(BigInt(Bun.file(file).size));
  vm.close();
});

describe("the status", () => {
  test("of a new chain", () => {
    const { vm } = startVm();
    expect(vm.status()).toEqual({
      state: "normal operation",
      lastAccepted: { id: genesis.id, height: 0n, timestamp: 0n },
      preference: { id: genesis.id, height: 0n, timestamp: 0n },
      processing: 0,
      mempool: { items: 0, bytes: 0, oldestSeconds: 0n },
      databaseBytes: expect.any(BigInt),
      blocks: { built: 0, verified: 0, accepted: 0, rejected: 0 },
      proposals: { submitted: 0, received: 0, gossiped: 0, refused: 0, expired: 0 },
      firstSights: { clockSets: 0, pausedSeconds: 0 },
      peers: 0,
      uptimeSeconds: 0n,
    });
  });
});

describe("the status reports", () => {
  test("the preferred block, processing or accepted", () => {
    const { vm } = startVm();
    const [one = genesis] = chainOn(genesis, 1);
    vm.setPreference(vm.verifyBlock(one.bytes).id);
    const { id, height, timestamp } = one;
    expect(vm.status()).toMatchObject({ preference: { id, height, timestamp }, lastAccepted: { id: genesis.id } });
    vm.rejectBlock(id);
    expect(vm.status().preference).toEqual({ id: genesis.id, height: 0n, timestamp: 0n });
  });

  test("how many peers are connected, each once", () => {
    const { vm } = startVm();
    const [a, b] = [1, 2].map((n) => nodeIdFromBytes(new Uint8Array(20).fill(n))) as [NodeId, NodeId];
    const peersAfter = (change: () => void) => {
      change();
      return vm.status().peers;
    };
    expect(peersAfter(() => vm.addPeer(a))).toBe(1);
    expect(peersAfter(() => vm.addPeer(a))).toBe(1);
    expect(peersAfter(() => vm.addPeer(b))).toBe(2);
    expect(peersAfter(() => vm.removePeer(a))).toBe(1);
    expect(peersAfter(() => vm.removePeer(a))).toBe(1);
    expect(peersAfter(() => vm.removePeer(b))).toBe(0);
  });

  test("the whole seconds since it was opened, even if the clock jumps", () => {
    const clock = new FakeClock();
    clock.advanceMs(5_500);
    const { vm } = startVm({ clock });
    const uptimeAfter = (ms: number) => {
      clock.advanceMs(ms);
      return vm.status().uptimeSeconds;
    };
    clock.seconds += 1_000n;
    expect([uptimeAfter(0), uptimeAfter(999), uptimeAfter(1), uptimeAfter(60_000)]).toEqual([0n, 0n, 1n, 61n]);
  });
});

describe("the health check", () => {
  test("is refused when the file lost its newest block", () => {
    const { opened, connection } = withConnection(() => startVm());
    const [block = genesis] = chainOn(genesis, 1);
    acceptAll(opened.vm, [block]);
    connection.run("DELETE FROM blocks WHERE key = ?", [new Uint8Array([0, 0x2f, ...idToBytes(block.id)])]);
    expect(refusalOf(() => opened.vm.checkHealth())).toMatchObject({
      code: "database failed",
      problem: `it lost its last accepted block ${block.id}`,
    });
  });
});
