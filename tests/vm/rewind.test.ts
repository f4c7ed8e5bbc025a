import { expect, setDefaultTimeout, test } from "bun:test";
import { defaultConfig } from "../../src/core/config.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { openVm } from "../../src/vm/open.ts";
import type { HeadMarker, Rewound } from "../../src/vm/rewind.ts";
import { chainOn, genesis, genesisBytes, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

setDefaultTimeout(30_000);

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
  openVm({ file, marker, genesisBytes, config: defaultConfig, clock: new FakeClock(), gossip: () => undefined });

test("a long way back is gone in stretches, each of them for good", () => {
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
