import { describe, expect, test } from "bun:test";
import { maxStallMs } from "../../src/vm/stall.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, propose, startVm } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

describe("health", () => {
  test("is good while nothing waits, however long", () => {
    const { vm, clock } = startVm();
    clock.advanceMs(1_000 * maxStallMs);
    expect(vm.checkHealth()).toEqual(vm.status());
  });

  test("is bad when proposals wait for more than a minute, and good with the next block", () => {
    const { vm, clock } = startVm();
    clock.advanceMs(10 * maxStallMs);
    propose(vm, "a", "b");
    clock.advanceMs(maxStallMs);
    vm.checkHealth();
    clock.advanceMs(1_000);
    expect(refusalOf(() => vm.checkHealth())).toEqual({ code: "proposals wait", items: 2, seconds: 61 });
    decideNext(vm);
    expect(vm.checkHealth().mempool.items).toBe(1);
  });

  test("allows for the block interval", () => {
    const { vm, clock } = startVm({ config: { minBlockIntervalMs: 600_000 } });
    propose(vm, "a", "b");
    decideNext(vm);
    clock.advanceMs(600_000 + maxStallMs);
    vm.checkHealth();
    clock.advanceMs(1_000);
    expect(refusalCodeOf(() => vm.checkHealth())).toBe("proposals wait");
  });

  test("ignores waiting proposals while the node bootstraps", () => {
    const { vm, clock } = startVm();
    propose(vm, "a");
    vm.setState("bootstrapping");
    clock.advanceMs(10 * maxStallMs);
    vm.checkHealth();
    vm.setState("normal operation");
    vm.checkHealth();
  });

  test("is not misled by a clock that jumps", () => {
    const { vm, clock } = startVm();
    propose(vm, "a");
    clock.seconds += 1_000_000n;
    vm.checkHealth();
    clock.seconds -= 2_000_000n;
    vm.checkHealth();
  });

  test("is bad while the preferred block is an hour ahead of the clock, and good once that is right", () => {
    const { vm, clock } = startVm();
    acceptAll(vm, [childOf(genesis, "a", now)]);
    propose(vm, "b");
    clock.seconds = now - 3_599n;
    vm.checkHealth();
    clock.seconds = now - 3_600n;
    for (let i = 0; i < 10; i++) expect(refusalCodeOf(() => vm.buildBlock())).toBe("future timestamp");
    expect(refusalOf(() => vm.checkHealth())).toEqual({ code: "clock behind", seconds: 3_600n });
    clock.seconds = now;
    expect(
      refusalCodeOf(() => vm.checkHealth()),
      "the last build failed",
    ).toBe("future timestamp");
    decideNext(vm);
    vm.checkHealth();
  });

  test("is bad from a build that fails because of the file to the next one that succeeds", () => {
    const { opened, connection } = withConnection(() => startVm());
    const { vm, clock } = opened;
    propose(vm, "a");
    connection.run("UPDATE mempool SET data = x'62'");
    for (let i = 0; i < 10; i++) expect(refusalCodeOf(() => vm.buildBlock())).toBe("database failed");
    clock.advanceMs(1_000);
    expect(refusalCodeOf(() => vm.checkHealth())).toBe("database failed");
    connection.run("UPDATE mempool SET data = x'61'");
    expect(decideNext(vm).data).toEqual(bytesOf("a"));
    vm.checkHealth();
  });

  test("is bad while proposals cannot be gossiped again, and good once they can", () => {
    const { opened, connection } = withConnection(() => startVm());
    const { vm, clock, gossiped } = opened;
    propose(vm, "a");
    connection.run("UPDATE mempool SET data = x'62'");
    clock.advanceMs(5_000);
    expect(refusalCodeOf(() => vm.checkHealth())).toBe("database failed");
    connection.run("UPDATE mempool SET data = x'61'");
    clock.advanceMs(1_000);
    expect(gossiped).toEqual([bytesOf("a"), bytesOf("a")]);
    vm.checkHealth();
  });
});

test("a failed build is forgotten once the proposal is on the chain, whoever put it there", () => {
  const { opened, connection } = withConnection(() => startVm());
  const { vm } = opened;
  propose(vm, "a", "b");
  connection.run("UPDATE mempool SET data = x'00'");
  expect(refusalCodeOf(() => vm.buildBlock())).toBe("database failed");
  acceptAll(vm, [childOf(genesis, "a")]);
  vm.checkHealth();
  expect(refusalCodeOf(() => vm.buildBlock())).toBe("database failed");
  acceptAll(vm, [childOf(vm.lastAccepted, "b")]);
  vm.checkHealth();
});

test("a parent 59 minutes in the future holds nothing up", () => {
  const { vm } = startVm();
  acceptAll(vm, [childOf(genesis, "fast clock", now + 3_540n)]);
  propose(vm, "a");
  vm.checkHealth();
  expect(decideNext(vm)).toMatchObject({ data: bytesOf("a"), timestamp: now + 3_540n });
});
