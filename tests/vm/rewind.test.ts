import { describe, expect, test } from "bun:test";
import { defaultConfig } from "../../src/core/config.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { openVm } from "../../src/vm/open.ts";
import { type HeadMarker, maxRewindBytes, type Rewound, type Stretch, stretchesDown } from "../../src/vm/rewind.ts";
import { chainOn, childOf, genesis, genesisBytes, ownNode, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const height = 10_003;
const reason = "the node's database does not know this chain";

function makeLongChain(file: string): HeadMarker {
  const store = BlockStore.open(file);
  store.setDurability("normal");
  store.accept(genesis, digestOf(genesis.data));
  for (const block of chainOn(genesis, height)) store.accept(block, digestOf(block.data));
  const { id } = store.lastAccepted();
  const { instanceId } = store;
  store.close();
  return { instanceId, height: BigInt(height), id };
}

const opening = (file: string, marker: HeadMarker | undefined) =>
  openVm({
    ...{ file, marker, genesisBytes, config: defaultConfig, clock: new FakeClock(), nodeId: ownNode },
    gossip: () => undefined,
  });

test("a long rewind is done in stretches, and each of them lasts", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const marker = makeLongChain(file);

  // The first stretch; then the process ends.
  const interrupted = opening(file, undefined);
  expect(interrupted.next().value).toEqual({ from: 10_003n, to: 9_003n, reason } satisfies Rewound);
  expect(() => interrupted.throw(new Error("the node went away"))).toThrow("the node went away");

  // The next start goes on where it stopped.
  const { vm, rewound } = startVm({ file, marker: undefined });
  expect(rewound.at(0)).toEqual({ from: 9_003n, to: 8_003n, reason });
  expect(rewound.slice(-2)).toEqual([
    { from: 1_003n, to: 3n, reason },
    { from: 3n, to: 0n, reason },
  ]);
  expect(rewound.length).toBe(10);
  expect(vm.lastAccepted).toEqual(genesis);
  expect(vm.headMarker.instanceId).toEqual(marker.instanceId);
  vm.close();
});

test("a marker in the middle is reached exactly", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const full = makeLongChain(file);
  const store = BlockStore.open(file);
  const id = store.getIdAtHeight(5_003n);
  store.close();
  if (id === undefined) throw new Error("the chain is too short");
  const { vm, rewound } = startVm({ file, marker: { ...full, height: 5_003n, id } });
  expect(rewound.length, "with all the data, in shorter stretches").toBe(25);
  expect(rewound.at(0)).toEqual({ from: 10_003n, to: 9_803n, reason: "the node's database is behind" });
  expect(rewound.at(-1)).toEqual({ from: 5_203n, to: 5_003n, reason: "the node's database is behind" });
  expect(vm.lastAccepted.id).toBe(id);
  vm.close();
});

describe("a stretch ends by bytes", () => {
  /** A chain whose blocks carry so many bytes each. */
  function makeChain(file: string, sizes: readonly number[]): HeadMarker {
    const store = BlockStore.open(file);
    store.setDurability("none");
    const chain = [genesis];
    for (const [i, size] of sizes.entries()) {
      chain.push(childOf(chain.at(-1) ?? genesis, new Uint8Array(size).fill(i)));
    }
    store.acceptAll(chain);
    const { id, height } = store.lastAccepted();
    const { instanceId } = store;
    store.close();
    return { instanceId, height, id };
  }

  function stretchesOf(sizes: readonly number[], { to = 0n, most = 1_000n } = {}): Stretch[] {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeChain(file, sizes);
    const store = BlockStore.open(file);
    const stretches = [...stretchesDown(store, { from: BigInt(sizes.length), to }, most)];
    store.close();
    return stretches;
  }

  test("once another block would be too much", () => {
    const quarter = maxRewindBytes / 4;
    expect(stretchesOf(Array.from({ length: 9 }, () => quarter))).toEqual([
      { from: 9n, to: 5n },
      { from: 5n, to: 1n },
      { from: 1n, to: 0n },
    ]);
    expect(stretchesOf([quarter, quarter, quarter, quarter, quarter + 1])).toEqual([
      { from: 5n, to: 2n },
      { from: 2n, to: 0n },
    ]);
  });

  test("but has at least one block of any size", () => {
    const sizes = [1, maxRewindBytes + 1, maxRewindBytes, 1];
    expect(stretchesOf(sizes)).toEqual([
      { from: 4n, to: 3n },
      { from: 3n, to: 2n },
      { from: 2n, to: 1n },
      { from: 1n, to: 0n },
    ]);
    expect(stretchesOf(sizes, { to: 3n })).toEqual([{ from: 4n, to: 3n }]);
    expect(stretchesOf(sizes, { to: 4n })).toEqual([]);
  });

  test("and never has more blocks than allowed", () => {
    expect(stretchesOf([1, 1, 1, 1, 1], { to: 1n, most: 3n })).toEqual([
      { from: 5n, to: 2n },
      { from: 2n, to: 1n },
    ]);
  });

  test.each([
    ["the node's database is behind", true],
    ["the node's database belongs to another chain data directory", false],
  ] as const)("when a chain is opened: %s", (reason, isKnown) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { instanceId } = makeChain(
      file,
      Array.from({ length: 20 }, () => 1_000_000),
    );
    const known = isKnown ? instanceId : new Uint8Array(16);
    const { vm, rewound } = startVm({ file, marker: { instanceId: known, height: 0n, id: genesis.id } });
    expect(rewound).toEqual([
      { from: 20n, to: 12n, reason },
      { from: 12n, to: 4n, reason },
      { from: 4n, to: 0n, reason },
    ]);
    expect(vm.lastAccepted).toEqual(genesis);
    vm.close();
  });
});

test("what a killed take-over left is rewound, though its last block cannot be read", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const store = BlockStore.open(file);
  store.acceptAll(chainOn(genesis, 3).slice(2)); // from the head down: neither genesis nor the parent is there
  store.close();
  const { vm, rewound } = startVm({ file, marker: undefined });
  expect(rewound).toEqual([{ from: 3n, to: 0n, reason }]);
  expect(vm.lastAccepted).toEqual(genesis);
  vm.close();
});
