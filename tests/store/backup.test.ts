import { describe, expect, test } from "bun:test";
import { readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Block, createBlock } from "../../src/core/block.ts";
import { digestFromBytes, digestOf } from "../../src/core/digest.ts";
import { backUp, maxLogBytes } from "../../src/store/backup.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { StoredProposal } from "../../src/store/proposal-table.ts";
import { attestations, damage, db, firstSights, trees } from "../cli/db-support.ts";
import { bytesOf, chainOn, childOf, genesis, now, peer } from "../support/chain.ts";
import { enlarge } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const proposal = (text: string, from = undefined as typeof peer | undefined): StoredProposal => {
  const data = bytesOf(text);
  return { digest: digestOf(data), data, bytes: data.length, since: now, peer: from };
};

/** Makes a chain of `count` blocks upon genesis, with rejected ones and with what waits. */
function makeChain(file: string, count: number) {
  const store = BlockStore.open(file);
  const blocks: readonly Block[] = [genesis, ...chainOn(genesis, count)];
  store.addRecords(blocks.map((block, i) => ({ block, firstSight: firstSights[i] })));
  store.rejectAll(
    [0, 1, 2].flatMap((i) => [childOf(genesis, `lost ${i}`), childOf(blocks[1] ?? genesis, `lost ${i}`)]),
  );
  store.proposals.add([proposal("ours"), proposal("theirs", peer), proposal("block 0 on 0")]);
  store.trees.add(trees);
  store.attestations.add(attestations);
  return { store, blocks };
}

/** Backs up as a thread does beside the store; `between` is called at each pause. */
function copy(from: string, file: string, between = () => {}) {
  const reader = BlockReader.openBeside(from);
  try {
    const steps = backUp(reader, { file, unfinished: `${file}.unfinished` });
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      between();
    }
  } finally {
    reader.close();
  }
}

/** Of 8 KiB: four terabytes. */
const hugePages = 2 ** 29;

/** Those of a backup are of their own kind. */
const refusalOfCopy = (work: () => unknown): unknown => refusalOf(work);

/** All that is in a file, but for the places of its rows. */
function contentOf(file: string) {
  const store = BlockStore.open(file);
  const records = [...store.records(0n, store.lastAccepted().height)];
  const blocks = records.map(({ block }) => block);
  const beside = { records, trees: [...store.trees.readAll()], attestations: [...store.attestations.readAll()] };
  const rejected = store.getRejected(undefined, 1_000).map(({ id, height }) => ({ id, height }));
  const content = { id: store.instanceId, blocks, ...beside, rejected, proposals: [...store.proposals.readAll()] };
  store.close();
  return content;
}

describe("a backup", () => {
  test("has all that the database has, for its user alone, and is sound", () => {
    using directory = temporaryDirectory();
    const { store, blocks } = makeChain(directory.file("chain.db"), 1_300);
    const umask = process.umask(0);
    const summary = copy(store.file, directory.file("copy.db"));
    process.umask(umask);
    expect(summary).toEqual({ blocks: 1_301n, proposals: 3, lastAccepted: blocks.at(-1)?.id ?? genesis.id });
    store.close();
    expect(statSync(directory.file("copy.db")).mode & 0o777).toBe(0o600);
    expect(contentOf(directory.file("copy.db"))).toEqual(contentOf(directory.file("chain.db")));
    expect(contentOf(directory.file("copy.db"))).toMatchObject({ trees, attestations, rejected: { length: 6 } });
    expect(db("check", directory.file("copy.db"))).toMatchObject({ code: 0, out: expect.stringMatching(/sound\n$/) });
    expect(readdirSync(directory.path).sort()).toEqual(["chain.db", "copy.db"]);
  });

  test("has a block that timestampvm-rs encoded again unchanged", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    store.accept(genesis, digestOf(genesis.data));
    const stored = childOf(genesis, "one");
    const { id } = createBlock({ ...stored, data: bytesOf("of other bytes") });
    store.acceptReencoded(id, stored);
    const last = childOf({ ...stored, id }, "two");
    store.accept(last, digestOf(last.data));
    expect(copy(file, directory.file("copy.db"))).toMatchObject({ blocks: 3n, lastAccepted: last.id });
    store.close();
    expect(contentOf(directory.file("copy.db"))).toEqual(contentOf(file));
    expect(db("check", directory.file("copy.db")).code).toBe(0);
  });

  test("of a running chain has the tree of each block with a root", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 1_000);
    const roots: Uint8Array[] = [];
    copy(store.file, directory.file("copy.db"), () => {
      const root = new Uint8Array(32).fill(roots.length + 100);
      store.trees.add([{ root: digestFromBytes(root), secret: new Uint8Array(32), leaves: new Uint8Array(32) }]);
      const block = childOf(store.lastAccepted(), root);
      store.accept(block, digestOf(block.data));
      roots.push(root);
    });
    store.close();
    const content = contentOf(directory.file("copy.db"));
    const copied = roots.filter((root) => content.blocks.some(({ data }) => Buffer.compare(data, root) === 0));
    expect(copied.length).toBeGreaterThan(3);
    expect(content.trees.map(({ root }) => root)).toEqual(expect.arrayContaining(copied.map(digestFromBytes)));
  });

  test("of a running chain loses nothing that waited when the backup started", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 2_000);
    const waiting = Array.from({ length: 40 }, (_, i) => proposal(`waits ${i}`));
    store.proposals.add(waiting);
    let next = 0;
    copy(store.file, directory.file("copy.db"), () => {
      for (let i = 0; i < 5; i++) {
        const block = childOf(store.lastAccepted(), `waits ${next++}`);
        store.accept(block, digestOf(block.data));
      }
    });
    expect(next).toBeGreaterThan(15);
    store.close();
    const { blocks, proposals } = contentOf(directory.file("copy.db"));
    const kept = new Set([...blocks.map(({ data }) => digestOf(data)), ...proposals.map(({ digest }) => digest)]);
    expect(waiting.filter(({ digest }) => !kept.has(digest))).toEqual([]);
    expect(new Set(proposals.map(({ digest }) => digest)).size).toBe(proposals.length);
    expect(blocks).toEqual(contentOf(directory.file("chain.db")).blocks.slice(0, blocks.length));
    expect(db("check", directory.file("copy.db")).code).toBe(0);
  });

  test("keeps no read of the write-ahead log open between its steps", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 1_200);
    const sizes: number[] = [];
    copy(store.file, directory.file("copy.db"), () => {
      const block = childOf(store.lastAccepted(), "goes on");
      store.accept(block, digestOf(block.data));
      store.checkpoint();
      sizes.push(statSync(`${store.file}-wal`).size);
    });
    expect(sizes.length).toBeGreaterThan(2);
    expect(new Set(sizes)).toEqual(new Set([0]));
    store.close();
  });
});

describe("no backup is made, and nothing is left,", () => {
  const places: Readonly<Record<string, (file: string) => void>> = {
    "over a file": (file) => writeFileSync(file, "something"),
    "over a link that leads nowhere": (file) => symlinkSync("nowhere", file),
    "where SQLite would read the log of another one": (file) => writeFileSync(`${file}-wal`, ""),
    "where an old journal lies": (file) => writeFileSync(`${file}-journal`, ""),
  };

  test.each(Object.entries(places))("%s", (_name, make) => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 2);
    const file = directory.file("copy.db");
    make(file);
    const before = readdirSync(directory.path);
    expect(refusalOfCopy(() => copy(store.file, file))).toEqual({ code: "no backup", file });
    expect(readdirSync(directory.path)).toEqual(before);
    store.close();
  });

  test("when a file of its name is made meanwhile", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 1_000);
    const file = directory.file("copy.db");
    expect(refusalOfCopy(() => copy(store.file, file, () => writeFileSync(file, "theirs")))).toMatchObject({ file });
    expect(readdirSync(directory.path).filter((name) => name.startsWith("copy.db"))).toEqual(["copy.db"]);
    store.close();
  });

  test("where there is no such directory, and the error names the user of the process", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 2);
    expect(() => copy(store.file, directory.file("missing/copy.db"))).toThrow(
      `it is written by user ${process.getuid?.()}`,
    );
    store.close();
  });

  test("where there is too little room for it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeChain(file, 2).store.close();
    enlarge(file, hugePages);
    const store = BlockStore.open(file);
    expect(() => copy(file, directory.file("copy.db"))).toThrow(
      /^no backup was made: it needs 4,398,\d{3},\d{3},\d{3} free bytes in /,
    );
    expect(readdirSync(directory.path).filter((name) => name.startsWith("copy.db"))).toEqual([]);
    store.close();
  });

  test("of a damaged chain", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeChain(file, 5).store.close();
    damage(file, "UPDATE blocks SET data = x'7b7d' WHERE height = 3");
    const store = BlockStore.open(file);
    expect(refusalOfCopy(() => copy(file, directory.file("copy.db")))).toMatchObject({ code: "database failed", file });
    expect(readdirSync(directory.path).filter((name) => name.startsWith("copy.db"))).toEqual([]);
    store.close();
  });

  test("when the write-ahead log of the chain has grown too long meanwhile", () => {
    using directory = temporaryDirectory();
    const { store } = makeChain(directory.file("chain.db"), 1_200);
    const file = directory.file("copy.db");
    const grow = (bytes: number) => () => truncateSync(`${store.file}-wal`, bytes); // zeros at its end mean nothing
    expect(() => copy(store.file, file, grow(maxLogBytes + 1))).toThrow(/has grown to 268435457 bytes, more than/);
    expect(readdirSync(directory.path).filter((name) => name.startsWith("copy.db"))).toEqual([]);
    expect(copy(store.file, file, grow(maxLogBytes))).toMatchObject({ blocks: 1_201n });
    store.close();
  });
});

test("any number of proposals is copied in slices", () => {
  using directory = temporaryDirectory();
  const { store } = makeChain(directory.file("chain.db"), 2);
  store.proposals.add(Array.from({ length: 1_100 }, (_, i) => proposal(`waits ${i}`)));
  const file = directory.file("copy.db");
  expect(copy(store.file, file).proposals).toBe(1_103);
  store.close();
  const copied = BlockStore.open(file);
  expect([...copied.proposals.readAll()].at(-1)?.data).toEqual(bytesOf("waits 1099"));
  copied.close();
});

test("a copy that SQLite cannot make is not an error of the chain", () => {
  using directory = temporaryDirectory();
  const { store } = makeChain(directory.file("chain.db"), 2);
  const file = directory.file("copy.db");
  const unfinished = join(directory.path, "x".repeat(250)); // SQLite's log would have too long a name
  const reader = BlockReader.openBeside(store.file);
  expect(refusalOfCopy(() => backUp(reader, { file, unfinished }).next())).toEqual({ code: "no backup", file });
  reader.close();
  store.close();
});
