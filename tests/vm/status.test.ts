import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/core/id.ts";
import type { State } from "../../src/vm/status.ts";
import { acceptAll, chainOn, genesis, startVm } from "../support/chain.ts";
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
  expect(vm.status().databaseBytes).toBe(Bun.file(file).size);
  vm.close();
});

describe("the status", () => {
  test("of a new chain", () => {
    const { vm } = startVm();
    expect(vm.status()).toEqual({
      state: "normal operation",
      lastAccepted: { id: genesis.id, height: 0n, timestamp: 0n },
      processing: 0,
      mempool: { items: 0, bytes: 0, oldestSeconds: 0n },
      databaseBytes: expect.any(Number),
      blocks: { built: 0, verified: 0, accepted: 0, rejected: 0 },
      proposals: { submitted: 0, received: 0, gossiped: 0, expired: 0 },
    });
  });

  test.each(states)("knows the state %s", (state) => {
    const { vm } = startVm();
    vm.setState(state);
    expect(vm.status().state).toBe(state);
  });
});

describe("the health check", () => {
  test("gives the status of a sound file", () => {
    const { vm } = startVm();
    acceptAll(vm, chainOn(genesis, 3));
    expect(vm.checkHealth()).toEqual(vm.status());
  });

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
