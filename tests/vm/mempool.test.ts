import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import { maxExpiredPerTick } from "../../src/vm/mempool/mempool.ts";
import type { Vm } from "../../src/vm/vm.ts";
import {
  acceptAll,
  bytesOf,
  childOf,
  decideNext,
  genesis,
  now,
  peer,
  propose,
  startVm,
  submissionsOf,
} from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const items = (vm: Vm) => vm.status().mempool.items;

/** When each proposal came, as it stands in the file. */
function sinceIn(file: string): number[] {
  using db = new Database(file, { readonly: true });
  return db
    .query<{ since: number }, []>("SELECT since FROM mempool ORDER BY position")
    .all()
    .map(({ since }) => since);
}

/** The texts of the blocks that the VM makes until nothing waits. */
function decideAll(vm: Vm): string[] {
  const texts: string[] = [];
  while (items(vm) > 0) texts.push(new TextDecoder().decode(decideNext(vm).data));
  return texts;
}

describe("a proposal that was taken", () => {
  test("is built after any restart, unasked, in the order of arrival", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    for (const text of ["c", "a", "b"]) {
      const { vm } = startVm({ file });
      propose(vm, text);
      vm.close();
    }
    const { vm } = startVm({ file });
    expect(vm.status().mempool).toMatchObject({ items: 3, bytes: 3 });
    expect(decideAll(vm)).toEqual(["c", "a", "b"]);
    const marker = vm.headMarker;
    vm.close();
    const again = startVm({ file, marker }).vm;
    expect(items(again), "what was accepted is not there again").toBe(0);
    again.close();
  });

  test("is there after a restart with smaller limits, which then allow no more", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a", "b", "c");
    first.close();
    const { vm } = startVm({ file, config: { maxMempoolItems: 2 } });
    expect(items(vm)).toBe(3);
    expect(refusalCodeOf(() => propose(vm, "d"))).toBe("mempool full");
    expect(decideAll(vm)).toEqual(["a", "b", "c"]);
    propose(vm, "d");
    vm.close();
  });

  test("keeps its waiting time over restarts", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a");
    first.close();
    const { vm } = startVm({ file, clock: new FakeClock(now + 77n) });
    expect(vm.status().mempool.oldestSeconds).toBe(77n);
    vm.close();
  });

  test("has no negative waiting time if the clock goes back, and no time before 1970", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm, clock } = startVm({ file });
    propose(vm, "a");
    clock.seconds -= 100n;
    expect(vm.status().mempool.oldestSeconds).toBe(0n);
    vm.close();
    const unset = new FakeClock(-5n); // of which no clock knows that it is wrong
    const again = startVm({ file, clock: unset });
    expect(again.vm.status().mempool.oldestSeconds).toBe(0n);
    propose(again.vm, "b");
    again.vm.addGossip([bytesOf("c")], peer);
    again.vm.close();
    expect(sinceIn(file)).toEqual([Number(now), 0, 0]);
    const last = startVm({ file, clock: unset }).vm;
    expect(decideAll(last), "the first block is for what peers have").toEqual(["c", "a", "b"]);
    expect(last.lastAccepted.timestamp).toBe(0n);
    last.close();
  });

  test("and was lost with its block waits since 1970 at the earliest", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    const marker = first.headMarker;
    propose(first, "a");
    acceptAll(first, [childOf(genesis, "a", 0n)]);
    first.close();
    startVm({ file, marker, clock: new FakeClock(-5n) }).vm.close();
    expect(sinceIn(file)).toEqual([0]);
  });

  test("but damaged since then stops the start, with an error that names the place and the cure", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a");
    first.close();
    const other = new Database(file);
    other.run("UPDATE mempool SET data = x'62'");
    other.close();
    expect(refusalOf(() => startVm({ file }))).toMatchObject({
      code: "database failed",
      file,
      problem: `proposal ${digestOf(bytesOf("a"))} is damaged`,
    });
  });
});

describe("a batch", () => {
  test("has an outcome for each, and takes the same data once", () => {
    const { vm, gossiped } = startVm({ config: { maxMempoolItems: 3 } });
    propose(vm, "old");
    const batch = [bytesOf("a"), new Uint8Array(maxDataBytes + 1), bytesOf("a"), bytesOf("old"), bytesOf("b")];
    const outcomes = vm.propose(submissionsOf(...batch, bytesOf("c"), bytesOf("b")));
    const none = undefined;
    expect(outcomes.map((refusal) => refusal?.refusal.code)).toEqual([
      ...[none, "data too large" as const, none, none, none],
      ...["mempool full" as const, none],
    ]);
    expect(gossiped.map((data) => new TextDecoder().decode(data))).toEqual(["old", "a", "b"]);
    expect(vm.status()).toMatchObject({ mempool: { items: 3 }, proposals: { submitted: 3 } });
  });

  test("that the disk refuses is refused as a whole; all that was taken before stays", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { opened, connection } = withConnection(() => startVm({ file }));
    const { vm, gossiped } = opened;
    propose(vm, "before");
    pragmaOf(connection, `max_page_count = ${Number(pragmaOf(connection, "page_count")) + 2}`);
    const batch = [bytesOf("small"), new Uint8Array(100_000)];
    expect(refusalOf(() => vm.propose(submissionsOf(...batch)))).toMatchObject({
      code: "database failed",
      cure: "free some disk space and start the node again",
    });
    expect([items(vm), gossiped.length], "gossiped to nobody").toEqual([1, 1]);

    pragmaOf(connection, "max_page_count = 1000000");
    expect(vm.propose(submissionsOf(...batch))).toEqual([undefined, undefined]);
    expect(decideAll(vm).slice(0, 2)).toEqual(["before", "small"]);
    vm.close();
  });
});

test("a peer's proposal stays the peer's when a client proposes it too and the disk refuses that", () => {
  using directory = temporaryDirectory();
  const { opened, connection } = withConnection(() => startVm({ file: directory.file("chain.db") }));
  const { vm } = opened;
  vm.addGossip([bytesOf("theirs")], peer);
  pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
  const batch = [bytesOf("theirs"), new Uint8Array(100_000)];
  expect(refusalCodeOf(() => vm.propose(submissionsOf(...batch)))).toBe("database failed");
  expect(vm.status().mempool).toMatchObject({ items: 1, bytes: "theirs".length });
  pragmaOf(connection, "max_page_count = 1000000");
  expect(decideAll(vm)).toEqual(["theirs"]);
  vm.close();
});

describe("expiry", () => {
  const start = (proposalExpirySeconds: number, file = ":memory:", clock = new FakeClock(now)) =>
    startVm({ file, clock, config: { proposalExpirySeconds } });

  test("is off unless it is asked for", () => {
    const { vm, clock } = startVm();
    propose(vm, "a");
    clock.seconds += 100n * 365n * 86_400n;
    clock.advanceMs(10_000);
    expect(items(vm)).toBe(1);
  });

  test("drops what has waited so long, and not what has not", () => {
    const { vm, clock } = start(60);
    propose(vm, "a");
    clock.seconds += 1n;
    propose(vm, "b");
    clock.seconds += 58n;
    clock.advanceMs(1_000);
    expect(items(vm)).toBe(2);
    clock.seconds += 1n;
    clock.advanceMs(1_000);
    expect(vm.status()).toMatchObject({ mempool: { items: 1 }, proposals: { expired: 1 } });
    expect(vm.buildBlock().data).toEqual(bytesOf("b"));
  });

  test("of very many happens in slices, none of which takes long", () => {
    const { vm, clock } = start(60);
    const count = 2 * maxExpiredPerTick + 1;
    vm.propose(submissionsOf(...Array.from({ length: count }, (_, i) => bytesOf(`${i}`))));
    clock.seconds += 60n;
    const left = [1, 2, 3, 4].map(() => {
      clock.advanceMs(1_000);
      return items(vm);
    });
    expect(left).toEqual([maxExpiredPerTick + 1, 1, 0, 0]);
    expect(vm.status().proposals.expired).toBe(count);
  });

  test("is final, and continues over restarts", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = start(60, file);
    propose(first.vm, "a");
    first.vm.close();
    const second = start(60, file, new FakeClock(now + 60n));
    second.clock.advanceMs(1_000);
    expect(items(second.vm)).toBe(0);
    second.vm.close();
    const third = startVm({ file }).vm;
    expect(items(third)).toBe(0);
    third.close();
  });

  test("changes nothing in a block that carries the data already", () => {
    const { vm, clock } = start(60);
    propose(vm, "a");
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    clock.seconds += 60n;
    clock.advanceMs(1_000);
    vm.acceptBlock(block.id);
    expect(vm.lastAccepted.data).toEqual(bytesOf("a"));
  });
});
