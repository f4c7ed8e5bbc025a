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

  test("by gossip is there after a restart, too, and counts for its peer", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const config = { maxMempoolItems: 4 };
    const first = startVm({ file, config }).vm;
    first.addGossip([bytesOf("a")], peer);
    first.close();
    const { vm } = startVm({ file, config });
    vm.addGossip([bytesOf("b")], peer);
    expect(items(vm), "one is a quarter").toBe(1);
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

describe("an accept that the disk refuses", () => {
  test("leaves its proposal where it was, and may be done again", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { opened, connection } = withConnection(() => startVm({ file }));
    const { vm } = opened;
    const data = new Uint8Array(50_000);
    propose(vm, data);
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
    expect(refusalCodeOf(() => vm.acceptBlock(block.id))).toBe("database failed");
    expect([items(vm), vm.lastAccepted.height]).toEqual([1, 0n]);
    pragmaOf(connection, "max_page_count = 1000000");
    vm.acceptBlock(block.id);
    expect([items(vm), vm.lastAccepted.height]).toEqual([0, 1n]);
    vm.close();
  });
});

describe("data that a peer gossiped and a client proposes", () => {
  test("is the client's from then on, in its old place", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const config = { maxMempoolItems: 4 };
    const { vm, gossiped } = startVm({ file, config });
    vm.addGossip([bytesOf("theirs")], peer);
    propose(vm, "later", "theirs");
    expect(gossiped).toEqual([bytesOf("later"), bytesOf("theirs")]);
    vm.close();
    const again = startVm({ file, config }).vm;
    expect(decideAll(again)).toEqual(["theirs", "later"]);
    again.close();
  });
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

describe("a rewind", () => {
  test("after a power cut makes lost data proposals again, before all later ones", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "1", "2", "3");
    decideNext(first);
    const marker = first.headMarker;
    decideAll(first);
    acceptAll(first, [childOf(first.lastAccepted, "theirs")]);
    propose(first, "new");
    first.close();
    const { vm } = startVm({ file, marker });
    expect(decideAll(vm)).toEqual(["2", "3", "theirs", "new"]);
    vm.close();
  });

  test("of data that the chain has is undone when the chain is fetched", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    const behind = first.headMarker;
    propose(first, "a", "b");
    const blocks = [decideNext(first), decideNext(first)];
    first.close();
    const { vm } = startVm({ file, marker: behind });
    expect(items(vm)).toBe(2);
    acceptAll(vm, blocks);
    expect(items(vm)).toBe(0);
    vm.close();
  });

  test.each(["wiped", "another's"])("because the node's database is %s brings nothing back", (kind) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a", "b");
    decideNext(first);
    const marker = kind === "wiped" ? undefined : { ...first.headMarker, instanceId: new Uint8Array(16) };
    first.close();
    const { vm } = startVm({ file, marker });
    expect(vm.lastAccepted).toEqual(genesis);
    expect(decideAll(vm), "what waited still waits").toEqual(["b"]);
    vm.close();
  });
});
