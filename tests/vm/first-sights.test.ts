import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import type { FirstSight } from "../../src/core/time-claim.ts";
import { Log } from "../../src/log.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { maxDriftMs, pauseMs, warnOfClockJumps } from "../../src/vm/first-sights.ts";
import type { State } from "../../src/vm/status.ts";
import { acceptAll, childOf, decideNext, genesis, now, ownNode, propose, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";

/** A VM on a file of its own, and what the file says of first sights. */
function start() {
  const directory = memoryDirectory();
  const file = directory.file("chain.db");
  const test = startVm({ file });
  return {
    ...test,
    file,
    sightOf: ({ height }: Block) => sightIn(file, height),
    [Symbol.dispose]() {
      test.vm.close();
      directory[Symbol.dispose]();
    },
  };
}

function sightIn(file: string, height: bigint): FirstSight | undefined {
  const reader = BlockReader.openBeside(file);
  try {
    return reader.firstSightAt(height);
  } finally {
    reader.close();
  }
}

const at = (ms: number): FirstSight => ({ ms: now * 1_000n + BigInt(ms), node: ownNode, isImported: false });
const one = childOf(genesis, "one");
const two = childOf(one, "two");

describe("the first sight of a block", () => {
  test("is the wall clock at its first successful verify, to the millisecond, whenever it is accepted", () => {
    using chain = start();
    chain.clock.passMs(1_234);
    chain.vm.verifyBlock(one.bytes);
    chain.clock.passMs(5_000);
    chain.vm.verifyBlock(one.bytes); // again: it was seen before
    chain.vm.acceptBlock(one.id);
    chain.clock.passMs(5_000);
    chain.vm.acceptBlock(one.id);
    expect(chain.sightOf(one)).toEqual(at(1_234));
  });

  test("is none of a verify that failed", () => {
    using chain = start();
    const early = childOf(genesis, "early", now + 3_600n);
    expect(() => chain.vm.verifyBlock(early.bytes)).toThrow();
    expect(() => chain.vm.verifyBlock(childOf(early, "orphan").bytes)).toThrow();
    chain.clock.passMs(1_000);
    acceptAll(chain.vm, [early]);
    expect(chain.sightOf(early)).toEqual(at(1_000));
  });

  test("of a block that is built here is when it is verified, as of any other", () => {
    using chain = start();
    propose(chain.vm, "a");
    const { bytes } = chain.vm.buildBlock();
    chain.clock.passMs(700);
    const block = chain.vm.verifyBlock(bytes);
    chain.vm.acceptBlock(block.id);
    expect(chain.sightOf(block)).toEqual(at(700));
  });

  test.each(["initializing", "state syncing", "bootstrapping"] as const satisfies State[])(
    "is none while %s",
    (state) => {
      using chain = start();
      chain.vm.setState(state);
      chain.vm.verifyBlock(one.bytes);
      chain.vm.verifyBlock(two.bytes);
      chain.vm.acceptBlock(one.id);
      chain.vm.setState("normal operation");
      chain.vm.verifyBlock(two.bytes); // not the first time
      chain.vm.acceptBlock(two.id);
      expect([genesis, one, two].map(chain.sightOf)).toEqual([undefined, undefined, undefined]);
    },
  );

  test("after a kill between verify and accept is later, or none while the node catches up", () => {
    for (const state of ["normal operation", "bootstrapping"] as const) {
      using directory = memoryDirectory();
      const file = directory.file("chain.db");
      const before = startVm({ file });
      before.vm.verifyBlock(one.bytes);
      const marker = before.vm.headMarker;
      before.vm.close(); // nothing of an undecided block is in the file, however the process ends
      const after = startVm({ file, marker, clock: new FakeClock(now + 60n) });
      after.vm.setState(state);
      acceptAll(after.vm, [one]);
      expect(sightIn(file, 1n)).toEqual(state === "normal operation" ? at(60_000) : undefined);
      after.vm.close();
    }
  });

  test("is lost with a block that is rewound, and is later when that comes again", () => {
    using directory = memoryDirectory();
    const file = directory.file("chain.db");
    const before = startVm({ file });
    const marker = before.vm.headMarker; // what the node's database kept
    acceptAll(before.vm, [one]);
    before.vm.close();
    const after = startVm({ file, marker, clock: new FakeClock(now + 60n) });
    expect(after.vm.lastAccepted.id).toBe(genesis.id);
    acceptAll(after.vm, [one]);
    expect(sightIn(file, 1n)).toEqual(at(60_000));
    after.vm.close();
  });
});

describe("a clock that is set", () => {
  test.each([
    ["forwards", maxDriftMs + 1],
    ["backwards", -maxDriftMs - 1],
  ])("%s takes the sights since the last good second with it, and leaves earlier ones", (_name, jumpMs) => {
    using chain = start();
    chain.vm.verifyBlock(one.bytes);
    chain.clock.passMs(1_000);
    chain.vm.verifyBlock(two.bytes);
    chain.clock.setMs(jumpMs);
    acceptAll(chain.vm, [one, two]);
    expect([one, two].map(chain.sightOf)).toEqual([at(0), undefined]);
    expect(chain.clockSets).toEqual([jumpMs]);
  });

  test("by the clock's allowance changes nothing", () => {
    using chain = start();
    chain.vm.verifyBlock(one.bytes);
    chain.clock.setMs(maxDriftMs);
    acceptAll(chain.vm, [one, two]);
    expect([one, two].map(chain.sightOf)).toEqual([at(0), at(maxDriftMs)]);
    expect(chain.clockSets).toEqual([]);
  });

  test("is noticed each second, whether or not a block comes", () => {
    using chain = start();
    chain.clock.setMs(3_600_000);
    chain.clock.passMs(1_000);
    expect(chain.clockSets).toEqual([3_600_000]);
    chain.clock.passMs(60_000);
    expect(chain.clockSets).toHaveLength(1);
  });

  test("makes ten minutes without sights, which health reports without failing", () => {
    expect(pauseMs).toBe(600_000);
    using chain = start();
    const { vm, clock } = chain;
    clock.setMs(5_000);
    acceptAll(vm, [one]);
    expect(vm.checkHealth().firstSights).toEqual({ clockSets: 1, pausedSeconds: 600 });
    clock.passMs(pauseMs - 1);
    acceptAll(vm, [two]);
    expect(vm.checkHealth().firstSights).toEqual({ clockSets: 1, pausedSeconds: 1 });
    clock.passMs(1);
    const three = childOf(two, "three");
    acceptAll(vm, [three]);
    expect(vm.checkHealth().firstSights).toEqual({ clockSets: 1, pausedSeconds: 0 });
    expect([one, two, three].map(chain.sightOf)).toEqual([undefined, undefined, at(pauseMs + 5_000)]);
  });

  test("is one that slept: the monotonic clock of a suspended machine stands still", () => {
    using chain = start();
    chain.vm.verifyBlock(one.bytes);
    chain.clock.setMs(8 * 3_600_000);
    acceptAll(chain.vm, [one]);
    expect(chain.sightOf(one)).toBeUndefined();
  });

  test("back gives no sight below an earlier one, its parent's or any other, also after ten minutes", () => {
    using chain = start();
    const { vm, clock } = chain;
    clock.passMs(1_000);
    acceptAll(vm, [one]);
    clock.setMs(-3_600_000);
    clock.passMs(pauseMs);
    acceptAll(vm, [two]);
    expect(vm.status().firstSights.pausedSeconds).toBe(3_000);
    clock.passMs(3_600_000 - pauseMs);
    const three = childOf(two, "three");
    acceptAll(vm, [three]);
    expect([one, two, three].map(chain.sightOf)).toEqual([at(1_000), undefined, at(1_000)]);
  });

  test("back by less than is noticed gives none until it has caught up", () => {
    using chain = start();
    acceptAll(chain.vm, [one]);
    chain.clock.setMs(-1);
    acceptAll(chain.vm, [two]);
    chain.clock.passMs(1);
    const three = childOf(two, "three");
    acceptAll(chain.vm, [three]);
    expect([one, two, three].map(chain.sightOf)).toEqual([at(0), undefined, at(0)]);
  });
});

/** One thing that happens to a node. The numbers choose among what there is. */
interface Action {
  readonly kind: "build" | "accept" | "pass" | "set" | "reopen" | "bootstrap";
  readonly ms: number;
}

const actions = fc.array(
  fc.record<Action>({
    kind: fc.constantFrom("build", "build", "accept", "accept", "pass", "pass", "set", "reopen", "bootstrap"),
    ms: fc.oneof(fc.nat(3_000), fc.constant(pauseMs)),
  }),
  { maxLength: 60, size: "max" },
);

test("through any history: a sight is the clock at one verify in normal operation, never falls while one process runs, never changes", () => {
  using directory = memoryDirectory();
  let count = 0;
  fc.assert(
    fc.property(actions, (actions) => {
      const file = directory.file(`${count++}.db`);
      const clock = new FakeClock(now);
      let { vm } = startVm({ file, clock });
      let isNormal = true;
      /** Of each block: what the clock said at each verify in normal operation of which a sight may come. */
      const looked = new Map<string, bigint[]>();
      const undecided: Block[] = [];
      const stored = new Map<bigint, FirstSight | undefined>();
      let latestMs = 0n;
      const run: { readonly [Kind in Action["kind"]]: (ms: number) => void } = {
        build: () => {
          const block = childOf(undecided.at(-1) ?? vm.lastAccepted, `${looked.size}`, now);
          vm.verifyBlock(block.bytes);
          undecided.push(block);
          looked.set(block.id, isNormal ? [clock.nowMs()] : []);
        },
        accept: () => {
          const block = undecided.shift();
          if (block === undefined) return;
          vm.acceptBlock(block.id);
          vm.confirm(block);
          stored.set(block.height, sightIn(file, block.height));
          const ms = stored.get(block.height)?.ms;
          if (ms === undefined) return;
          expect(looked.get(block.id)).toContain(ms);
          expect(ms).toBeGreaterThanOrEqual(latestMs);
          latestMs = ms;
        },
        pass: (ms) => clock.passMs(ms),
        set: (ms) => clock.setMs(ms % 2 === 0 ? ms : -ms),
        reopen: () => {
          const marker = vm.headMarker;
          vm.close();
          vm = startVm({ file, clock, marker }).vm;
          isNormal = true;
          undecided.length = 0;
          latestMs = 0n;
        },
        bootstrap: () => {
          isNormal = !isNormal;
          vm.setState(isNormal ? "normal operation" : "bootstrapping");
        },
      };
      for (const { kind, ms } of actions) run[kind](ms);
      for (const [height, sight] of stored) expect(sightIn(file, height)).toEqual(sight);
      vm.close();
    }),
    { numRuns: runs(100, 3_000) },
  );
});

test("a sight that is stored comes with its block: no statement changes one", async () => {
  const sources = await Array.fromAsync(new Bun.Glob("src/store/**/*.ts").scan());
  expect(sources.length).toBeGreaterThan(20);
  for (const source of sources) {
    const updates = (await Bun.file(source).text()).match(/\b(UPDATE|REPLACE)\b[^"`]*/g) ?? [];
    for (const update of updates) expect(update).not.toMatch(/\b(seen|source|sources|blocks)\b/i);
  }
});

test("a chain whose node decides alone has a sight of each block", () => {
  using chain = start();
  propose(chain.vm, "a", "b");
  const blocks = [decideNext(chain.vm), decideNext(chain.vm)];
  expect(blocks.map(chain.sightOf)).toEqual([at(0), at(0)]);
});

test("the log says by how much the clock jumped", () => {
  const lines: string[] = [];
  warnOfClockJumps(new Log((line) => lines.push(line)))(-90_000);
  const event = { level: "warn", event: "the clock was set, or the machine slept", jumpMs: -90_000 };
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(event)]);
});
