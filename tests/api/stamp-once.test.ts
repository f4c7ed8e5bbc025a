import { describe, expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { createMethods } from "../../src/api/methods.ts";
import type { Methods } from "../../src/api/request.ts";
import { SharedFigures } from "../../src/clients/shared.ts";
import type { Block } from "../../src/core/block.ts";
import { proposeSynced, viewOf } from "../../src/vm/synced.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { viewAcross } from "../support/across.ts";
import { callerOf } from "../support/caller.ts";
import { bytesOf, childOf, now, peer, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";
import { refusalOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory, type TemporaryDirectory } from "../support/temporary.ts";

/** One chain, asked on the thread of consensus and as from another one. */
class Asked {
  readonly vm: Vm;
  readonly #directory: TemporaryDirectory = memoryDirectory();
  readonly #methods: readonly Methods[];

  constructor() {
    const place = { file: this.#directory.file("chain.db"), head: new SharedFigures() };
    const { vm, clock } = startVm({ ...place, config: { durability: "normal" } });
    const across = viewAcross(vm, { ...place, clock });
    this.vm = vm;
    this.#methods = [
      createMethods({ view: viewOf(vm), propose: proposeSynced(vm), identity }),
      createMethods({ view: across, propose: (batch) => across.propose(batch), identity }),
    ];
  }

  async call(view: number, name: "stamp" | "proposeBlock", params: object): Promise<unknown> {
    return this.#methods[view]?.get(name)?.([params], callerOf());
  }

  stamp(view: number, text: string): Promise<unknown> {
    return this.call(view, "stamp", { data: `0x${bytesOf(text).toHex()}` });
  }

  /** How many accepted blocks carry a text. */
  countOf(text: string): number {
    let count = 0;
    for (let height = 1n; height <= this.vm.lastAccepted.height; height++) {
      const id = this.vm.getBlockIdAtHeight(height);
      if (id !== undefined && textOf(this.vm.getAcceptedBlock(id)) === text) count++;
    }
    return count;
  }

  [Symbol.dispose](): void {
    this.vm.close();
    this.#directory[Symbol.dispose]();
  }
}

function textOf(block: Block | undefined): string {
  return new TextDecoder().decode(block?.data);
}

/** Builds, verifies, prefers and accepts; the head marker is not written yet. */
function acceptNext(vm: Vm): Block {
  const block = vm.verifyBlock(vm.buildBlock().bytes);
  vm.setPreference(block.id);
  vm.acceptBlock(block.id);
  return block;
}

describe.each([
  ["the thread of consensus", 0],
  ["another thread", 1],
])("asked on %s", (_name, view) => {
  test("a stamp that is accepted, but not shown yet, is not made again, and its receipt says so", async () => {
    using chain = new Asked();
    await chain.stamp(view, "a");
    const block = acceptNext(chain.vm);
    expect(await chain.stamp(view, "a")).toMatchObject({ status: "processing" });
    expect(chain.vm.status().mempool.items).toBe(0);
    chain.vm.confirm(block);
    expect(await chain.stamp(view, "a")).toMatchObject({ status: "accepted", block: { id: block.id } });
    expect(refusalOf(() => chain.vm.buildBlock())?.code).toBe("nothing to build");
  });

  test("a stamp that is asked for while its block is shown is not made again", async () => {
    using chain = new Asked();
    await chain.stamp(view, "a");
    const block = acceptNext(chain.vm);
    const again = chain.stamp(view, "a"); // looks before the block is shown, and proposes afterwards
    chain.vm.confirm(block);
    expect(await again).toMatchObject({ status: "accepted" });
    expect(chain.vm.status().mempool.items).toBe(0);
  });

  test("a stamp twice in one turn, or after a peer sent it, waits once", async () => {
    using chain = new Asked();
    chain.vm.addGossip([bytesOf("a"), bytesOf("a")], peer);
    await Promise.all([chain.stamp(view, "a"), chain.stamp(view, "a"), chain.stamp(view, "a")]);
    expect(chain.vm.status().mempool.items).toBe(1);
    acceptNext(chain.vm);
    expect(chain.countOf("a")).toBe(1);
    expect(chain.vm.status().mempool.items).toBe(0);
  });

  test("a stamp in an undecided block of a peer waits, and is made only if that block is rejected", async () => {
    for (const isAccepted of [true, false]) {
      using chain = new Asked();
      const { vm } = chain;
      const theirs = vm.verifyBlock(childOf(vm.lastAccepted, "a").bytes);
      vm.setPreference(theirs.id);
      expect(await chain.stamp(view, "a")).toMatchObject({ status: "processing" });
      expect(refusalOf(() => vm.buildBlock())?.code).toBe("nothing to build");
      if (isAccepted) {
        vm.acceptBlock(theirs.id);
        expect(vm.status().mempool.items).toBe(0);
      } else {
        vm.rejectBlock(theirs.id);
        expect(textOf(acceptNext(vm))).toBe("a");
      }
      expect(chain.countOf("a")).toBe(1);
    }
  });

  test("proposeBlock makes one more when the first is shown, and none before", async () => {
    using chain = new Asked();
    const propose = () => chain.call(view, "proposeBlock", { data: "0x61" });
    await propose();
    const block = acceptNext(chain.vm);
    expect(await propose()).toEqual({ success: true });
    expect(chain.vm.status().mempool.items).toBe(0);
    chain.vm.confirm(block);
    expect(await propose()).toEqual({ success: true });
    expect(chain.vm.status().mempool.items).toBe(1);
    acceptNext(chain.vm);
    expect(chain.countOf("a")).toBe(2);
  });
});

const texts = ["a", "b", "c"] as const;
const kinds = [
  ...(["stamp", "stamp", "stamp", "gossip", "build", "build", "theirs", "prefer"] as const),
  ...(["accept", "accept", "accept", "confirm", "confirm", "reject", "turn"] as const),
];

/** One thing that happens. The numbers choose among what there is. */
interface Action {
  readonly kind: (typeof kinds)[number];
  readonly pick: number;
  readonly text: (typeof texts)[number];
}

/** What happens to a chain that clients of both threads stamp on, whose peers are honest. */
class History {
  readonly chain = new Asked();
  readonly #stamps: Promise<unknown>[] = [];
  readonly #stamped = new Set<string>();
  #undecided: Block[] = [];
  #accepted: Block[] = [];
  #confirmed = 0;
  #made = 0;

  run(action: Action): void | Promise<void> {
    return this[action.kind](action);
  }

  stamp({ pick, text }: Action): void {
    this.#stamped.add(text);
    this.#stamps.push(this.chain.stamp(pick % 2, text));
  }

  gossip({ text }: Action): void {
    this.chain.vm.addGossip([bytesOf(text)], peer);
  }

  build(): void {
    const { vm } = this.chain;
    if (refusalOf(() => this.#verify(vm.buildBlock()))?.code === "nothing to build") return;
    const block = this.#undecided.at(-1);
    if (block !== undefined && this.#made % 2 === 0) vm.setPreference(block.id);
  }

  /** Another node builds on any block, never what that or one below it carries already. */
  theirs({ pick, text }: Action): void {
    const parents = [this.chain.vm.lastAccepted, ...this.#undecided];
    const parent = parents[pick % parents.length] ?? this.chain.vm.lastAccepted;
    for (let at: Block | undefined = parent; at !== undefined; at = this.#find(at.parentId)) {
      if (textOf(at) === text) return;
    }
    this.#verify(childOf(parent, text, now + BigInt(this.#made)));
  }

  prefer({ pick }: Action): void {
    const block = this.#undecided[pick % this.#undecided.length];
    if (block !== undefined) this.chain.vm.setPreference(block.id);
  }

  accept({ pick }: Action): void {
    const { vm } = this.chain;
    const next = this.#undecided.filter(({ parentId }) => parentId === vm.lastAccepted.id);
    const block = next[pick % next.length];
    if (block === undefined) return;
    vm.acceptBlock(block.id);
    this.#accepted.push(block);
    const left = this.#undecided.filter((other) => this.#descendsFrom(other, block));
    const lost = this.#undecided.filter((other) => other !== block && !left.includes(other));
    for (const { id } of lost) vm.rejectBlock(id);
    this.#undecided = left;
  }

  confirm(): void {
    const block = this.#accepted[this.#confirmed];
    if (block === undefined) return;
    this.#confirmed++;
    this.chain.vm.confirm(block);
  }

  /** One that nothing is built on. */
  reject({ pick }: Action): void {
    const tips = this.#undecided.filter(({ id }) => !this.#undecided.some(({ parentId }) => parentId === id));
    const block = tips[pick % tips.length];
    if (block === undefined) return;
    this.chain.vm.rejectBlock(block.id);
    this.#undecided = this.#undecided.filter((other) => other !== block);
  }

  async turn(): Promise<void> {
    await setImmediate();
  }

  /** All is decided and shown: each stamp is in one block, and asking again gives it. */
  async finish(): Promise<void> {
    const { chain } = this;
    await Promise.all(this.#stamps);
    for (const { id } of this.#undecided.toReversed()) chain.vm.rejectBlock(id);
    while (chain.vm.status().mempool.items > 0) acceptNext(chain.vm);
    chain.vm.confirm(chain.vm.lastAccepted);
    for (const text of texts) {
      expect(chain.countOf(text)).toBeLessThanOrEqual(1);
      if (!this.#stamped.has(text)) continue;
      for (const view of [0, 1]) expect(await chain.stamp(view, text)).toMatchObject({ status: "accepted" });
      expect(chain.countOf(text)).toBe(1);
    }
    expect(chain.vm.status().mempool.items).toBe(0);
  }

  #verify(block: Block): void {
    this.chain.vm.verifyBlock(block.bytes);
    this.#made++;
    if (!this.#undecided.some(({ id }) => id === block.id)) this.#undecided.push(block);
  }

  #find(wanted: string): Block | undefined {
    return [...this.#undecided, ...this.#accepted].find(({ id }) => id === wanted);
  }

  #descendsFrom(block: Block, ancestor: Block): boolean {
    for (let at: Block | undefined = block; at !== undefined; at = this.#find(at.parentId)) {
      if (at.parentId === ancestor.id) return true;
    }
    return false;
  }
}

test("through any history, seen from both threads, each stamp is in one accepted block", async () => {
  const actions = fc.array(
    fc.record<Action>({ kind: fc.constantFrom(...kinds), pick: fc.nat(1_000), text: fc.constantFrom(...texts) }),
    { minLength: 10, maxLength: 60, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(actions, async (actions) => {
      const history = new History();
      using _chain = history.chain;
      for (const action of actions) await history.run(action);
      await history.finish();
    }),
    { numRuns: runs(100, 500) },
  );
});
