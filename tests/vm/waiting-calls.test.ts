import { describe, expect, spyOn, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { ChainError } from "../../src/core/errors.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import { LimitError } from "../../src/vm/limit-error.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { maxWaiting, WaitingCalls } from "../../src/vm/waiting-calls.ts";
import { acceptAll, allOf, bytesOf, chainOn, childOf, genesis, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { stateOf } from "../support/promise.ts";

const never = new AbortController().signal;
const [one, two, three] = chainOn(genesis, 3) as [Block, Block, Block];

function accept(vm: Vm, ...blocks: readonly Block[]): void {
  for (const block of blocks) {
    vm.verifyBlock(block.bytes);
    vm.acceptBlock(block.id);
  }
}

/** Both ways to wait for block `two`. */
const ways = [
  ["its height", (vm: Vm, ms: number, signal: AbortSignal) => vm.confirmed.waitForHeight(2n, ms, signal, "caller")],
  [
    "its data",
    (vm: Vm, ms: number, signal: AbortSignal) => vm.confirmed.waitForDigest(digestOf(two.data), ms, signal, "caller"),
  ],
] as const;

describe.each(ways)("a call that waits for a block by %s", (_name, wait) => {
  test("is answered when it is confirmed, and not before", async () => {
    const { vm } = startVm();
    acceptAll(vm, [one]);
    const waiting = wait(vm, 1_000, never);
    accept(vm, two);
    expect(await stateOf(waiting)).toBe("waiting");
    vm.confirm(two);
    expect(await stateOf(waiting)).toBe("resolved");
  });

  test("is answered at once when the block is there", async () => {
    const { vm, clock } = startVm();
    acceptAll(vm, [one, two, three]);
    const timers = clock.waiting;
    expect(await stateOf(wait(vm, 1_000, never))).toBe("resolved");
    expect(clock.waiting).toBe(timers);
  });

  test("is answered when the time has passed, and not before", async () => {
    const { vm, clock } = startVm();
    const waiting = wait(vm, 900, never);
    clock.advanceMs(899);
    expect(await stateOf(waiting)).toBe("waiting");
    clock.advanceMs(1);
    expect(await stateOf(waiting)).toBe("resolved");
  });

  test("is answered when its signal aborts, and leaves nothing behind", async () => {
    const { vm, clock } = startVm();
    const timers = clock.waiting;
    const leaving = new AbortController();
    const waiting = wait(vm, 1_000, leaving.signal);
    expect(clock.waiting).toBe(timers + 1);
    leaving.abort();
    expect(await stateOf(waiting)).toBe("resolved");
    expect(clock.waiting).toBe(timers);
  });

  test("leaves nothing behind in what could have ended the waiting", async () => {
    const { vm } = startVm();
    const { signal } = new AbortController();
    const [added, removed] = [spyOn(signal, "addEventListener"), spyOn(signal, "removeEventListener")];
    const waiting = wait(vm, 1_000, signal);
    acceptAll(vm, [one, two]);
    expect(await stateOf(waiting)).toBe("resolved");
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
      added.mock.calls.map(([type, listener]) => [type, listener]),
    );
  });

  test("is answered at once when its signal has aborted before", async () => {
    const { vm, clock } = startVm();
    const timers = clock.waiting;
    expect(await stateOf(wait(vm, 1_000, AbortSignal.abort()))).toBe("resolved");
    expect(clock.waiting).toBe(timers);
  });

  test("is refused when the VM closes, and afterwards", async () => {
    const { vm, clock } = startVm();
    const waiting = wait(vm, 1_000, never);
    vm.close();
    expect(await stateOf(waiting)).toEqual(new ChainError({ code: "shut down" }));
    expect(clock.waiting).toBe(0);
    expect(await stateOf(wait(vm, 1_000, never))).toEqual(new ChainError({ code: "shut down" }));
  });
});

test("another block is no answer", async () => {
  const { vm } = startVm();
  const waits = [
    vm.confirmed.waitForHeight(2n, 1_000, never, "caller"),
    vm.confirmed.waitForDigest(digestOf(two.data), 1_000, never, "caller"),
    vm.confirmed.waitForDigest(digestOf(bytesOf("other")), 1_000, never, "caller"),
  ];
  acceptAll(vm, [one, childOf(one, "another")]);
  expect(await Promise.all(waits.map(stateOf))).toEqual(["resolved", "waiting", "waiting"]);
});

test("a call that waits for data is refused when the file cannot be read", async () => {
  const store = BlockStore.open(":memory:");
  store.acceptAll([genesis]);
  const chain = new ConfirmedChain(store, new FakeClock(), allOf(store));
  store.close();
  expect(await stateOf(chain.waitForDigest(digestOf(one.data), 1_000, never, "caller"))).toBeInstanceOf(Error);
});

describe("waiting calls are bounded", () => {
  /** How many of one caller wait before one is refused, and how they are ended. */
  function fill(vm: Vm, caller: string) {
    const leaving = new AbortController();
    const waits: Promise<void>[] = [];
    for (let before = -1; vm.confirmed.waiting > before; ) {
      before = vm.confirmed.waiting;
      const isOdd = before % 2 === 1;
      const wait = isOdd
        ? vm.confirmed.waitForHeight(BigInt(before + 2), 1_000, leaving.signal, caller)
        : vm.confirmed.waitForDigest(digestOf(bytesOf(`${caller} ${before}`)), 1_000, leaving.signal, caller);
      wait.catch(() => undefined); // a refused one is looked at by some tests only
      waits.push(wait);
    }
    return { count: waits.length - 1, refused: waits.pop() as Promise<void>, waits, leave: () => leaving.abort() };
  }

  test("one caller's by half of all, but calls for a block that is there are still answered", async () => {
    const { vm, clock } = startVm();
    expect(maxWaiting).toBe(2_000);
    const { count, refused, waits } = fill(vm, "greedy");
    expect(count).toBe(1_000);
    expect(await stateOf(refused)).toEqual(new LimitError({ code: "too many waiting", waiting: 1_000 }));
    expect(new Set(await Promise.all(waits.map(stateOf)))).toEqual(new Set(["waiting"]));
    expect(await stateOf(vm.confirmed.waitForHeight(0n, 1_000, never, "greedy")), "what is there").toBe("resolved");
    clock.advanceMs(1_000);
    expect(new Set(await Promise.all(waits.map(stateOf)))).toEqual(new Set(["resolved"]));
    expect(await stateOf(vm.confirmed.waitForHeight(9n, 1_000, never, "greedy"))).toBe("waiting");
  });

  test("each further caller's by half of what is left", async () => {
    const { vm } = startVm();
    const filled = ["first", "second", "third", "fourth"].map((caller) => fill(vm, caller));
    expect(filled.map(({ count }) => count)).toEqual([1_000, 500, 250, 125]);
    for (const { refused } of filled) expect(await stateOf(refused)).toBeInstanceOf(LimitError);
    expect(await stateOf(vm.confirmed.waitForHeight(9n, 1_000, never, "late"))).toBe("waiting");
  });

  test("two at a time by a third each", async () => {
    const { vm } = startVm();
    const counts = { a: 0, b: 0 };
    for (let i = 0; i < maxWaiting; i++) {
      const caller = i % 2 === 0 ? "a" : "b";
      const before = vm.confirmed.waiting;
      vm.confirmed.waitForHeight(9n, 1_000, never, caller).catch(() => undefined);
      counts[caller] += vm.confirmed.waiting - before;
    }
    expect(counts).toEqual({ a: 667, b: 666 });
  });

  test("and their places are free again when a caller has left", async () => {
    const { vm } = startVm();
    const { leave, waits } = fill(vm, "one");
    expect(fill(vm, "another").count).toBe(500);
    leave();
    await Promise.all(waits);
    expect(fill(vm, "one").count).toBe(750);
  });
});

describe("waking", () => {
  /** A clock that counts how many timers were ended before their time. */
  class CountingClock extends FakeClock {
    ended = 0;

    override after(ms: number, task: () => void): () => void {
      const cancel = super.after(ms, task);
      return () => {
        this.ended++;
        cancel();
      };
    }
  }

  test("touches only the calls that wait for the key", async () => {
    const clock = new CountingClock();
    const waiters = new WaitingCalls<string>(clock);
    const absent = () => false;
    const others = Array.from({ length: 900 }, (_, i) => waiters.wait(`${i}`, absent, 1_000, never, "caller"));
    const wanted = [
      waiters.wait("key", absent, 1_000, never, "caller"),
      waiters.wait("key", absent, 1_000, never, "caller"),
    ];
    waiters.wake("no one's");
    expect([waiters.count, clock.ended]).toEqual([902, 0]);
    waiters.wake("key");
    expect([waiters.count, clock.ended]).toEqual([900, 2]);
    expect(await Promise.all(wanted.map(stateOf))).toEqual(["resolved", "resolved"]);
    expect(new Set(await Promise.all(others.map(stateOf)))).toEqual(new Set(["waiting"]));
    waiters.wake("key");
    expect(clock.ended).toBe(2);
  });

  test("does not read the file while nobody waits, nor for the confirmed block", () => {
    const store = BlockStore.open(":memory:");
    store.acceptAll([genesis]); // no other block can be read
    const chain = new ConfirmedChain(store, new FakeClock(), allOf(store));
    chain.confirm(two);
    void chain.waitForHeight(9n, 1_000, never, "caller");
    chain.confirm(three);
    expect(chain.last).toEqual(three);
  });
});
