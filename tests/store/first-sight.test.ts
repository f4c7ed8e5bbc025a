import { describe, expect, test } from "bun:test";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { FirstSight } from "../../src/core/time-claim.ts";
import type { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";

const nodeOf = (byte: number): NodeId => nodeIdFromBytes(new Uint8Array(20).fill(byte));
const sights: readonly (FirstSight | undefined)[] = [
  undefined,
  { ms: 1_700_000_000_123n, node: nodeOf(1), isImported: false },
  { ms: -5n, node: nodeOf(2), isImported: false },
  { ms: 2n ** 53n + 1n, node: nodeOf(1), isImported: true },
  undefined,
  { ms: 0n, node: nodeOf(1), isImported: false },
];
const chain = [genesis, ...chainOn(genesis, sights.length - 1)];

function accept(store: BlockStore, block: Block, firstSight?: FirstSight): void {
  store.accept(block, digestOf(block.data), firstSight);
}

function makeStore(file: string): BlockStore {
  const store = BlockStore.open(file);
  for (const [i, block] of chain.entries()) accept(store, block, sights[i]);
  return store;
}

const sightsIn = (reader: BlockReader) => chain.map(({ height }) => reader.firstSightAt(height));

describe("the first sight of a block", () => {
  test("is stored with it, and each source once", () => {
    const { opened: store, connection } = withConnection(() => makeStore(":memory:"));
    expect(sightsIn(store)).toEqual([...sights]);
    expect(store.firstSightAt(99n)).toBeUndefined();
    expect(connection.query("SELECT count(*) FROM sources").values()).toEqual([[3n]]);
    expect([...store.records(0n, 5n)].map(({ firstSight }) => firstSight)).toEqual([...sights]);
  });

  test("never changes: the block cannot be accepted a second time", () => {
    const store = makeStore(":memory:");
    const [, one = genesis] = chain;
    const later = { ms: 1n, node: nodeOf(3), isImported: false };
    expect(refusalOf(() => accept(store, one, later))?.code).toBe("database failed");
    expect(sightsIn(store)).toEqual([...sights]);
  });

  test("is removed with the block when that is rewound", () => {
    const store = makeStore(":memory:");
    store.rewind(0n);
    const [, one = genesis] = chain;
    accept(store, one);
    expect(store.firstSightAt(1n)).toBeUndefined();
  });

  test.each([
    ["of no node", "UPDATE sources SET node = 'NodeID-x' WHERE source = 1"],
    ["of a source that is not there", "DELETE FROM sources WHERE source = 1"],
  ])("%s is refused, and the block is read all the same", (_name, change) => {
    const { opened: store, connection } = withConnection(() => makeStore(":memory:"));
    connection.run("PRAGMA foreign_keys = OFF");
    connection.run(change);
    expect(refusalOf(() => store.firstSightAt(1n))).toMatchObject({
      code: "database failed",
      problem: "the block at height 1 was seen by a node with a malformed id",
    });
    expect(store.getBlockAtHeight(1n)).toEqual(chain[1] as Block);
  });

  test("of a block is in a row that nothing updates", () => {
    const { opened: store, connection } = withConnection(() => makeStore(":memory:"));
    connection.run("CREATE TEMP TRIGGER no BEFORE UPDATE ON blocks BEGIN SELECT RAISE(ABORT, 'updated'); END");
    accept(store, childOf(chain.at(-1) ?? genesis, "next"), sights[1]);
    for (const _ of store.indexDigests());
    store.rewindAndRequeue(3n, 1n);
    store.acceptReencoded(childOf(genesis, "received").id, childOf(chain[3] ?? genesis, "left"));
    expect(sightsIn(store).slice(0, 4)).toEqual(sights.slice(0, 4));
  });
});
