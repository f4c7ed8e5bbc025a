import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { formatGenesis } from "../../src/core/genesis.ts";
import type { HeadMarker, RewindReason } from "../../src/vm/rewind.ts";
import { acceptAll, bytesOf, chainOn, childOf, genesis, startVm } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const blocks = [genesis, ...chainOn(genesis, 5)];

/** A file with the blocks, and what a node that saw all of them knows. */
function makeChain(file: string): HeadMarker {
  const { vm } = startVm({ file });
  acceptAll(vm, blocks.slice(1));
  const marker = vm.headMarker;
  vm.close();
  return marker;
}

interface Row {
  readonly name: string;
  readonly marker: (at: (height: number) => HeadMarker) => HeadMarker | undefined;
  readonly height: number;
  readonly reason?: RewindReason;
}

const rows: readonly Row[] = [
  { name: "knows its head", marker: (at) => at(5), height: 5 },
  { name: "is ahead", marker: (at) => ({ ...at(5), height: 6n, id: childOf(genesis).id }), height: 5 },
  { name: "is one behind", marker: (at) => at(4), height: 4, reason: "the node's database is behind" },
  { name: "is far behind", marker: (at) => at(1), height: 1, reason: "the node's database is behind" },
  { name: "is at genesis", marker: (at) => at(0), height: 0, reason: "the node's database is behind" },
  { name: "was wiped", marker: () => undefined, height: 0, reason: "the node's database does not know this chain" },
  {
    name: "is another's",
    marker: (at) => ({ ...at(5), instanceId: new Uint8Array(16) }),
    height: 0,
    reason: "the node's database belongs to another chain data directory",
  },
  {
    name: "has another head",
    marker: (at) => ({ ...at(5), id: childOf(genesis).id }),
    height: 0,
    reason: "the node's database has another block at this height",
  },
  {
    name: "has another block below",
    marker: (at) => ({ ...at(3), id: childOf(genesis).id }),
    height: 0,
    reason: "the node's database has another block at this height",
  },
];

describe("a chain whose node's database", () => {
  test.each(rows.map((row) => [row.name, row] as const))("%s opens where both agree", (_name, row) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const full = makeChain(file);
    const marker = row.marker((height) => {
      const { id } = blocks[height] ?? genesis;
      return { ...full, height: BigInt(height), id };
    });
    const { vm, rewound } = startVm({ file, marker });
    const { reason, height } = row;
    expect(rewound).toEqual(reason ? [{ from: 5n, to: BigInt(height), reason }] : []);
    expect(vm.lastAccepted).toEqual(blocks[height] ?? genesis);
    expect(vm.headMarker).toEqual({ ...full, height: BigInt(height), id: vm.lastAccepted.id });
    for (const block of blocks) {
      const kept = block.height <= height;
      expect(vm.getBlockIdAtHeight(block.height)).toBe(kept ? block.id : undefined);
      expect(vm.getBlock(block.id)).toEqual(kept ? block : undefined);
    }

    // The chain goes on from there: with the same blocks, or with others.
    acceptAll(vm, blocks.slice(height + 1));
    acceptAll(vm, chainOn(vm.lastAccepted, 2));
    const next = vm.headMarker;
    vm.close();
    const again = startVm({ file, marker: next });
    expect(again.rewound).toEqual([]);
    expect(again.vm.headMarker).toEqual(next);
    again.vm.close();
  });

  test("is behind by a block opens without it, and a block that lost to it may win now", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm } = startVm({ file });
    const [winner, loser] = [childOf(genesis, "winner"), childOf(genesis, "loser")];
    const before = vm.headMarker;
    vm.verifyBlock(loser.bytes);
    acceptAll(vm, [winner]);
    vm.close();
    const { vm: again } = startVm({ file, marker: before });
    acceptAll(again, [loser]);
    expect(again.lastAccepted).toEqual(loser);
    again.close();
  });
});

describe("opening", () => {
  test("a chain of another genesis is refused, and the file stays as it is, and free", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const marker = makeChain(file);
    const other = bytesOf(formatGenesis("another chain"));
    expect(refusalOf(() => startVm({ file, marker: undefined, genesis: other }))).toMatchObject({
      code: "database failed",
      file,
      problem: expect.stringContaining(genesis.id),
      cure: "give each chain a chain data directory of its own",
    });
    const { vm } = startVm({ file, marker });
    expect(vm.lastAccepted.height).toBe(5n);
    vm.close();
  });

  test("with a malformed genesis is refused before a file is made", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    expect(refusalCodeOf(() => startVm({ file, genesis: new Uint8Array() }))).toBe("malformed genesis");
    expect(existsSync(file)).toBeFalse();
  });

  test("twice is refused while the first is open", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm } = startVm({ file });
    expect(refusalOf(() => startVm({ file }))).toEqual({ code: "database in use", file });
    vm.close();
    startVm({ file }).vm.close();
  });

  test("a file whose making was cut off before its genesis was in it goes on", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    startVm({ file }).vm.close();
    {
      using db = new Database(file);
      db.run("DELETE FROM blocks");
    }
    const { vm } = startVm({ file });
    expect(vm.lastAccepted).toEqual(genesis);
    vm.close();
  });
});
