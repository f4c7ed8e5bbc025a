import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../../src/core/digest.ts";
import { listedBytes } from "../../src/core/listing.ts";
import { prepareBlocks } from "../../src/store/block-statements.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { openDatabase } from "../../src/store/database.ts";
import { bytesOf, chainOn, childOf, genesis, now } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";

const numRuns = runs(100, 5_000);
const maxU64 = 2n ** 64n - 1n;

/** Blocks that carry texts at times, each the child of the one before, the first of genesis. */
function chainOf(...rows: readonly (readonly [text: string, timestamp: bigint])[]): readonly Block[] {
  const blocks = [genesis];
  for (const [text, timestamp] of rows) blocks.push(childOf(blocks.at(-1) ?? genesis, text, timestamp));
  return blocks;
}

function storeOf(blocks: readonly Block[]): BlockStore {
  const store = BlockStore.open(":memory:");
  store.acceptAll(blocks);
  return store;
}

const digest = (text: string): Digest => digestOf(bytesOf(text));
const heightOf = (block: Block | undefined) => block?.height;

describe("a listing", () => {
  const large = new Uint8Array(1_000_000).fill(7);
  const first = childOf(genesis, "small");
  const second = childOf(first, large);
  const odd = parseBlock(bytesOf(` ${new TextDecoder().decode(childOf(second, large).bytes)}`));
  const chain = [genesis, first, second, odd];

  test("of a small block has all its data", () => {
    const { id, height, timestamp, data, bytes } = first;
    const listing = { id, height, timestamp, start: data, dataBytes: data.length, bytes: bytes.length };
    expect(storeOf(chain).getListingAtHeight(1n)).toEqual(listing);
    expect(storeOf(chain).findListing(digestOf(data), 0n)).toEqual(listing);
  });

  test("of a large block has the beginning of its data, if it is written as usual, and reads no block", () => {
    const store = storeOf(chain);
    using decode = spyOn(Uint8Array, "fromHex");
    for (const { id, height, timestamp, bytes } of [second, odd]) {
      const { start, ...listing } = store.getListingAtHeight(height) ?? { start: undefined };
      expect(listing).toEqual({ id, height, timestamp, dataBytes: undefined, bytes: bytes.length });
      expect(start).toEqual(height === 2n ? large.slice(0, start?.length) : undefined);
    }
    for (const [hex] of decode.mock.calls) expect(hex.length).toBeLessThanOrEqual(listedBytes);
  });

  test("of no block is none", () => {
    const store = storeOf(chain);
    expect([4n, maxU64].map((height) => store.getListingAtHeight(height))).toEqual([undefined, undefined]);
    expect(store.findListing(digest("another"), 0n)).toBeUndefined();
    expect(store.findListing(digestOf(large), 3n)?.height).toBe(3n);
    expect(store.findListing(digestOf(large), 4n)).toBeUndefined();
  });

  test.each(["height = 9", "timestamp = 9"])("whose row has another %s than its block is refused", (change) => {
    const { opened, connection } = withConnection(() => storeOf([genesis, first]));
    connection.run(`UPDATE blocks SET ${change} WHERE height = 1`);
    expect(refusalOf(() => opened.findListing(digestOf(first.data), 0n))?.code).toBe("database failed");
  });
});

describe("the block at a height", () => {
  const chain = chainOf(["a", 1n], ["b", 1n]);
  const store = storeOf(chain);
  store.reject(childOf(chain[2] ?? genesis, "rejected"));

  test("is the one that stands there, also when it says another height, for who asks for that", () => {
    const { opened, connection } = withConnection(() => storeOf(chain));
    connection.run("UPDATE blocks SET height = 9 WHERE height = 2");
    expect(refusalOf(() => opened.getBlockAtHeight(9n))?.code).toBe("database failed");
    expect(opened.expectBlockAtHeight(9n)).toEqual(chain[2] as Block);
  });

  test("is the accepted one, with the bytes it came with", () => {
    expect([0n, 1n, 2n].map((height) => store.getBlockAtHeight(height))).toEqual([...chain]);
  });

  test.each([3n, 2n ** 63n - 1n, 2n ** 63n, maxU64])("%p is not there", (height) => {
    expect(store.getBlockAtHeight(height)).toBeUndefined();
  });
});

describe("the last block at a time", () => {
  const store = storeOf(chainOf(["a", 10n], ["b", 20n], ["c", 20n], ["d", 20n], ["e", 30n]));
  store.reject(childOf(store.lastAccepted(), "rejected", 40n));

  test.each([
    [0n, 0n],
    [9n, 0n],
    [10n, 1n],
    [11n, 1n],
    [19n, 1n],
    [20n, 4n],
    [21n, 4n],
    [29n, 4n],
    [30n, 5n],
    [31n, 5n],
    [2n ** 63n - 1n, 5n],
    [2n ** 63n, 5n],
    [maxU64, 5n],
  ])("%p has height %p", (timestamp, height) => {
    expect(heightOf(store.getLastBlockAt(timestamp))).toBe(height);
  });

  test("is none in a new file", () => {
    expect(BlockStore.open(":memory:").getLastBlockAt(maxU64)).toBeUndefined();
  });

  test("is the one of the greatest time that a file can hold", () => {
    const late = createBlock({ parentId: genesis.id, height: 1n, timestamp: 2n ** 63n - 1n, data: bytesOf("") });
    const store = storeOf([genesis, late]);
    expect(heightOf(store.getLastBlockAt(2n ** 63n - 2n))).toBe(0n);
    expect(heightOf(store.getLastBlockAt(2n ** 63n - 1n))).toBe(1n);
  });
});

describe("a block with data of a digest", () => {
  const store = storeOf(chainOf(["a", now], ["twice", now], ["", now], ["twice", now], ["b", now]));
  store.reject(childOf(store.lastAccepted(), "rejected"));

  test.each([
    ["a", 0n, 1n],
    ["a", 1n, 1n],
    ["a", 2n, undefined],
    ["twice", 0n, 2n],
    ["twice", 2n, 2n],
    ["twice", 3n, 4n],
    ["twice", 4n, 4n],
    ["twice", 5n, undefined],
    ["", 0n, 3n],
    ["b", 5n, 5n],
    ["b", 6n, undefined],
    ["b", 2n ** 63n - 1n, undefined],
    ["b", 2n ** 63n, undefined],
    ["b", maxU64, undefined],
    ["rejected", 0n, undefined],
    ["never seen", 0n, undefined],
  ])("%p from height %p is at %p", (text, from, height) => {
    const found = store.findBlock(digest(text), from);
    expect(heightOf(found)).toBe(height);
    expect(store.carries(digest(text), from)).toBe(height !== undefined);
    if (found !== undefined) expect(found).toEqual(store.getBlockAtHeight(found.height) as Block);
  });

  test("is not one whose digest has the same first eight bytes", () => {
    const { opened, connection } = withConnection(() => storeOf(chainOf(["other", now], ["wanted", now])));
    const wanted = digestToBytes(digest("wanted"));
    const alike = Uint8Array.from(wanted, (byte, i) => (i < 8 ? byte : byte ^ 1));
    connection.run("UPDATE blocks SET digest = ? WHERE height = 1", [alike]);
    expect(heightOf(opened.findBlock(digest("wanted"), 0n))).toBe(2n);
    expect(heightOf(opened.findBlock(digest("wanted"), 2n))).toBe(2n);
    connection.run("UPDATE blocks SET digest = ? WHERE height = 2", [alike]);
    expect(opened.findBlock(digest("wanted"), 0n)).toBeUndefined();
    expect(opened.carries(digest("wanted"), 0n)).toBeFalse();
  });

  test("is not read where it only matters whether there is one", () => {
    const { opened, connection } = withConnection(() => storeOf(chainOf(["wanted", now])));
    connection.run("UPDATE blocks SET bytes = x'00' WHERE height = 1");
    expect(refusalOf(() => opened.findBlock(digest("wanted"), 0n))?.code).toBe("database failed");
    expect(opened.carries(digest("wanted"), 0n)).toBeTrue();
  });
});

describe("after a rewind", () => {
  const chain = chainOf(["a", 10n], ["b", 20n], ["a", 30n]);

  test("what is left is found, and nothing else", () => {
    const store = storeOf(chain);
    store.rewind(1n);
    expect(heightOf(store.getLastBlockAt(maxU64))).toBe(1n);
    expect(store.findBlock(digest("b"), 0n)).toBeUndefined();
    expect(store.findBlock(digest("a"), 2n)).toBeUndefined();
    store.rewindWithNewId(undefined);
    expect(store.getLastBlockAt(maxU64)).toBeUndefined();
    expect(store.findBlock(digest("a"), 0n)).toBeUndefined();
  });
});

describe("a row that contradicts its block is refused:", () => {
  const chain = [genesis, ...chainOn(genesis, 3)];
  const [, one = genesis, , three = genesis] = chain;

  test.each([
    ["another height", `height = 9 WHERE height = 3`, (store: BlockStore) => store.getBlockAtHeight(9n), "height"],
    ["an earlier time", `timestamp = 5 WHERE height = 3`, (store: BlockStore) => store.getLastBlockAt(9n), "timestamp"],
    [
      "the digest of other data",
      `digest = (SELECT digest FROM blocks WHERE height = 1) WHERE height = 3`,
      (store: BlockStore) => store.findBlock(digestOf(one.data), 2n),
      "digest",
    ],
    [
      "a height above its own",
      `height = 9 WHERE height = 3`,
      (store: BlockStore) => store.findBlock(digestOf(three.data), 4n),
      "digest",
    ],
  ] as const)("%s", (_name, change, read, what) => {
    const { opened, connection } = withConnection(() => storeOf(chain));
    connection.run(`UPDATE blocks SET ${change}`);
    expect(refusalOf(() => read(opened))).toMatchObject({
      code: "database failed",
      problem: `block ${three.id} has a wrong ${what}`,
    });
  });

  test.each([
    ["at a height", (store: BlockStore) => store.getBlockAtHeight(3n)],
    ["at a time", (store: BlockStore) => store.getLastBlockAt(now)],
    ["by a digest", (store: BlockStore) => store.findBlock(digestOf(three.data), 0n)],
    ["as the last", (store: BlockStore) => store.lastAccepted()],
  ] as const)("other bytes, %s", (_name, read) => {
    const { opened, connection } = withConnection(() => storeOf(chain));
    connection.run("UPDATE blocks SET bytes = ? WHERE height = 3", [one.bytes]);
    expect(refusalOf(() => read(opened))).toMatchObject({
      code: "database failed",
      problem: `block ${three.id} is damaged`,
    });
  });
});

describe("a block that is kept as timestampvm-rs encoded it again is given under the id it had", () => {
  const stored = childOf(genesis, "stored", 10n);
  const { id } = childOf(genesis, "as received");

  test.each([
    ["at its height", (store: BlockStore) => store.getBlockAtHeight(1n)],
    ["at its time", (store: BlockStore) => store.getLastBlockAt(11n)],
    ["by its digest", (store: BlockStore) => store.findBlock(digest("stored"), 1n)],
    ["as the last", (store: BlockStore) => store.lastAccepted()],
  ] as const)("%s", (_name, read) => {
    const store = storeOf([genesis]);
    store.acceptReencoded(id, stored);
    expect(read(store)).toEqual({ ...stored, id });
  });
});

describe("no question reads more rows than it needs:", () => {
  const store = openDatabase(":memory:");
  const sql = prepareBlocks(store);
  const bytes = digestToBytes(digest(""));
  const questions = {
    byHeight: () => sql.byHeight.all(1n),
    last: () => sql.last.all(),
    lastHeight: () => sql.lastHeight.all(),
    lastAt: () => sql.lastAt.all(1n),
    firstByDigest: () => sql.firstByDigest.all(bytes, 1n),
    hasDigest: () => sql.hasDigest.all(bytes, 1n),
    deleteAbove: () => sql.deleteAbove.all(1n),
  };

  test.each([
    ["byHeight", ["SEARCH blocks USING INDEX accepted_by_height (height=?)"]],
    ["last", ["SCAN blocks USING INDEX accepted_by_height"]],
    ["lastHeight", ["SCAN blocks USING COVERING INDEX accepted_by_height"]],
    ["lastAt", ["SEARCH blocks USING INDEX accepted_by_timestamp (timestamp<?)"]],
    ["firstByDigest", ["SEARCH blocks USING INDEX accepted_by_digest (<expr>=? AND height>?)"]],
    ["hasDigest", ["SEARCH blocks USING INDEX accepted_by_digest (<expr>=? AND height>?)"]],
    [
      "deleteAbove",
      [
        "MULTI-INDEX OR",
        "INDEX 1",
        "SEARCH blocks USING COVERING INDEX rejected_by_height (height>?)",
        "INDEX 2",
        "SEARCH blocks USING COVERING INDEX accepted_by_height (height>?)",
      ],
    ],
  ] as const)("%s", (name, plan) => {
    questions[name]();
    const asked = sql[name].toString(); // with what was asked in it
    expect(asked).not.toContain("?");
    const steps = store.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${asked}`).all();
    expect(steps.map(({ detail }) => detail)).toEqual([...plan]);
  });
});

test("of any chain, what is found is what a list would give", () => {
  const texts = fc.constantFrom("", "a", "b", "c");
  const rows = fc.array(fc.record({ text: texts, later: fc.nat(3) }), { maxLength: 25 });
  const asked = fc.record({ height: fc.nat(27), timestamp: fc.nat(80), text: fc.constantFrom("", "a", "b", "c", "d") });
  fc.assert(
    fc.property(rows, fc.nat(25), fc.array(asked, { minLength: 1, maxLength: 10 }), (rows, kept, questions) => {
      const times = rows.map((_, i) => rows.slice(0, i + 1).reduce((sum, { later }) => sum + later, 0));
      const all = chainOf(...rows.map(({ text }, i) => [text, BigInt(times[i] ?? 0)] as const));
      const store = storeOf(all);
      store.reject(childOf(genesis, "d"));
      store.rewind(BigInt(kept));
      const blocks = all.slice(0, kept + 1);
      for (const { height, timestamp, text } of questions) {
        const carriers = blocks.filter(({ data }) => digestOf(data) === digest(text));
        expect(store.getBlockAtHeight(BigInt(height))).toEqual(blocks[height]);
        expect(store.getLastBlockAt(BigInt(timestamp))).toEqual(blocks.findLast((b) => b.timestamp <= timestamp));
        expect(store.findBlock(digest(text), BigInt(height))).toEqual(carriers.find((b) => b.height >= height));
      }
      store.close();
    }),
    { numRuns },
  );
});
