import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { type Digest, digestOf, digestToBytes } from "../../src/core/digest.ts";
import { listedBytes } from "../../src/core/listing.ts";
import { prepareChanges, prepareQuestions } from "../../src/store/block-statements.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { openDatabase } from "../../src/store/database.ts";
import { bytesOf, chainOn, childOf, genesis, now, spaced } from "../support/chain.ts";
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
    const sizes = { dataBytes: data.length, bytes: bytes.length };
    const listing = { id, height, timestamp, start: data, ...sizes, isReencoded: false };
    expect(storeOf(chain).getListingAtHeight(1n)).toEqual(listing);
    expect(storeOf(chain).findListing(digestOf(data), 0n)).toEqual(listing);
  });

  test("of a large block has the beginning of its data, if the row shows it, and reads no block", () => {
    const store = storeOf(chain);
    using decode = spyOn(Uint8Array, "fromHex");
    for (const { id, height, timestamp, bytes } of [second, odd]) {
      const { start, ...listing } = store.getListingAtHeight(height) ?? { start: undefined };
      const dataBytes = height === 2n ? large.length : undefined;
      expect(listing).toEqual({ id, height, timestamp, dataBytes, bytes: bytes.length, isReencoded: false });
      expect(start).toEqual(height === 2n ? large.slice(0, start?.length) : undefined);
    }
    for (const [hex] of decode.mock.calls) expect(hex.length).toBeLessThanOrEqual(listedBytes);
  });

  test("says of a block of any size that timestampvm-rs encoded it again", () => {
    for (const data of ["small", large]) {
      const store = storeOf([genesis]);
      const stored = childOf(genesis, data);
      store.acceptReencoded(childOf(genesis, "as it was received").id, stored);
      expect(store.getListingAtHeight(1n)?.isReencoded).toBe(true);
    }
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

  test("is given even if it has another height itself, by the method for that", () => {
    const odd = spaced(chain[2] ?? genesis);
    const { opened, connection } = withConnection(() => storeOf([...chain.slice(0, 2), odd]));
    connection.run("UPDATE blocks SET height = 9 WHERE height = 2");
    expect(refusalOf(() => opened.getBlockAtHeight(9n))?.code).toBe("database failed");
    expect(opened.expectBlockAtHeight(9n)).toEqual(odd);
  });

  test.each([3n, 2n ** 63n - 1n, 2n ** 63n, maxU64])("%p is not there", (height) => {
    expect(store.getBlockAtHeight(height)).toBeUndefined();
  });
});

describe("the last block at a time", () => {
  const store = storeOf(chainOf(["a", 10n], ["b", 20n], ["c", 20n], ["d", 20n], ["e", 30n]));
  store.reject(childOf(store.lastAccepted(), "rejected", 40n));

  test.each([
    [20n, 4n],
    [30n, 5n],
    [2n ** 63n - 1n, 5n],
    [2n ** 63n, 5n],
    [maxU64, 5n],
  ])("%p has height %p", (timestamp, height) => {
    expect(heightOf(store.getLastBlockAt(timestamp))).toBe(height);
  });

  test("is none in a new file", () => {
    expect(BlockStore.open(":memory:").getLastBlockAt(maxU64)).toBeUndefined();
  });

  test("is the one with the greatest time that a file can hold", () => {
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
    const alike = digestToBytes(digest("wanted")).slice(0, 8);
    connection.run("INSERT INTO digests (prefix, height) VALUES (?, 0), (?, 1)", [alike, alike]);
    connection.run("REPLACE INTO meta (name, value) VALUES ('digests_indexed', x'0000000000000001')");
    expect(heightOf(opened.findBlock(digest("wanted"), 0n))).toBe(2n);
    expect(heightOf(opened.findBlock(digest("wanted"), 1n))).toBe(2n);
    opened.rewind(1n);
    expect(opened.findBlock(digest("wanted"), 0n)).toBeUndefined();
    expect(opened.carries(digest("wanted"), 0n)).toBeFalse();
  });
});

describe("a row that contradicts its block is refused:", () => {
  const chain = [genesis, ...chainOn(genesis, 3)];
  const [, one = genesis, , three = genesis] = chain;
  const odd = spaced(one);

  test.each([
    ["another height", "height = 9 WHERE height = 1", (store: BlockStore) => store.getBlockAtHeight(9n), "height"],
    ["an earlier time", "timestamp = 5 WHERE height = 1", (store: BlockStore) => store.getLastBlockAt(9n), "timestamp"],
  ] as const)("%s, of a block that is kept as its bytes", (_name, change, read, what) => {
    const { opened, connection } = withConnection(() => storeOf([genesis, odd]));
    connection.run(`UPDATE blocks SET ${change}`);
    expect(refusalOf(() => read(opened))).toMatchObject({
      code: "database failed",
      problem: `block ${odd.id} has a wrong ${what}`,
    });
  });

  const reads = {
    "at its height": (store: BlockStore) => store.getBlockAtHeight(3n),
    "at its time": (store: BlockStore) => store.getLastBlockAt(now),
    "by its digest": (store: BlockStore) => store.findBlock(digestOf(three.data), 0n),
    "by its id": (store: BlockStore) => store.getBlock(three.id),
    "as the last": (store: BlockStore) => store.lastAccepted(),
    "in a list": (store: BlockStore) => store.getListingAtHeight(3n),
  };
  const changes = {
    "other data": "data = x'01' WHERE height = 3",
    "no data": "data = x'' WHERE height = 3",
    "other bytes": "data = NULL, bytes = x'7b7d' WHERE height = 3",
    "an earlier time": "timestamp = timestamp - 1 WHERE height = 3",
    "another parent": "key = CAST(x'002f' || zeroblob(32) AS BLOB) WHERE height = 2",
  };
  const cases = Object.entries(reads).flatMap(([how, read]) =>
    Object.entries(changes).map(([name, change]) => [name, how, change, read] as const),
  );

  test.each(cases)("%s, read %s", (_name, _how, change, read) => {
    const { opened, connection } = withConnection(() => storeOf(chain));
    for (const _ of opened.indexDigests()); // before the change: what it reads then is believed
    connection.run(`UPDATE blocks SET ${change}`);
    expect(refusalOf(() => read(opened))).toMatchObject({
      code: "database failed",
      problem: `block ${three.id} is damaged`,
    });
  });
});

describe("a block that timestampvm-rs encoded again is given under its own id", () => {
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
  const sql = { ...prepareQuestions(store), ...prepareChanges(store) };
  const key = blockKey(genesis.id);
  const below = ["CORRELATED SCALAR SUBQUERY 1", "SEARCH below USING INTEGER PRIMARY KEY (rowid=?)"];
  const questions = {
    byKey: () => sql.byKey.all(key),
    isAccepted: () => sql.isAccepted.all(key),
    isRejected: () => sql.isRejected.all(key),
    last: () => sql.last.all(),
    head: () => sql.head.all(),
    lastHeight: () => sql.lastHeight.all(),
    byHeight: () => sql.byHeight.all(1n),
    timestampAt: () => sql.timestampAt.all(1n),
    listingAtHeight: () => sql.listingAtHeight.all(1n),
    sightAt: () => sql.sightAt.all(1n),
    rejectedAfter: () => sql.rejectedAfter.all(1n, key, 9),
    removeAccepted: () => sql.removeAccepted.all(1n),
    removeRejected: () => sql.removeRejected.all(1n),
  };

  test.each([
    ["byKey", ["SEARCH blocks USING INDEX blocks_by_id (<expr>=?)", ...below]],
    ["isAccepted", ["SEARCH blocks USING INDEX blocks_by_id (<expr>=?)"]],
    ["isRejected", ["SEARCH rejected USING PRIMARY KEY (key=?)"]],
    ["last", ["SCAN blocks", ...below]],
    ["head", ["SCAN blocks"]],
    ["lastHeight", ["SCAN blocks"]],
    ["byHeight", ["SEARCH blocks USING INTEGER PRIMARY KEY (rowid=?)", ...below]],
    ["timestampAt", ["SEARCH blocks USING INTEGER PRIMARY KEY (rowid=?)"]],
    ["listingAtHeight", ["SEARCH blocks USING INTEGER PRIMARY KEY (rowid=?)", ...below]],
    [
      "sightAt",
      [
        "SEARCH blocks USING INTEGER PRIMARY KEY (rowid=?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH sources USING INTEGER PRIMARY KEY (rowid=?)",
        "CORRELATED SCALAR SUBQUERY 2",
        "SEARCH sources USING INTEGER PRIMARY KEY (rowid=?)",
      ],
    ],
    ["rejectedAfter", ["SEARCH rejected USING COVERING INDEX rejected_by_height ((height,key)>(?,?))"]],
    ["removeAccepted", ["SEARCH blocks USING INTEGER PRIMARY KEY (rowid>?)"]],
    ["removeRejected", ["SEARCH rejected USING COVERING INDEX rejected_by_height (height>?)"]],
  ] as const)("%s", (name, plan) => {
    questions[name]();
    const asked = sql[name].toString(); // with what was asked in it
    expect(asked).not.toContain("?");
    const steps = store.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${asked}`).all();
    expect(steps.map(({ detail }) => detail)).toEqual([...plan]);
  });
});

test("a search of any chain gives the same as a search of a list", () => {
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
