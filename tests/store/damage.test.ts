import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openElsewhere } from "./child-process.ts";

const chain = [genesis, ...chainOn(genesis, 20)];
const [, , , victim] = chain as unknown as [Block, Block, Block, Block];
const numRuns = runs(150, 5_000);
const cure = "stop the node and delete the chain data directory: the chain is fetched again from its peers";

function makeFile(file: string): void {
  const store = BlockStore.open(file);
  for (const block of chain) store.accept(block, digestOf(block.data));
  store.close();
}

function changeBytes(file: string, change: (bytes: Uint8Array) => void): void {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
}

test("one flipped bit in a stored block is found when the block is read, and only then", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  changeBytes(file, (bytes) => {
    const at = Buffer.from(bytes.buffer).indexOf(victim.bytes) + victim.bytes.length - 3;
    bytes[at] = (bytes[at] ?? 0) ^ 0x01;
  });
  const store = BlockStore.open(file);
  expect(store.lastAccepted()).toEqual(chain.at(-1) as Block);
  expect(refusalOf(() => store.getBlock(victim.id))).toEqual({
    code: "database failed",
    file,
    problem: `block ${victim.id} is damaged`,
    cure,
  });
  store.close();
});

test.each([
  ["bytes that are no block", "x'00'"],
  ["no bytes", "x''"],
  ["another block", "(SELECT bytes FROM blocks WHERE height = 4)"],
])("a block that became %s is found when it is read", (_name, value) => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run(`UPDATE blocks SET bytes = ${value} WHERE height = 3`);
  }
  const store = BlockStore.open(file);
  expect(refusalOf(() => store.getBlock(victim.id))).toMatchObject({ code: "database failed", file, cure });
  store.close();
});

test.each([
  ["a key", "UPDATE blocks SET key = x'00' WHERE height = 3", (store: BlockStore) => store.getIdAtHeight(3n)],
  ["a key", "UPDATE blocks SET key = x'00' WHERE height = 20", (store: BlockStore) => store.lastAccepted()],
  ["a digest", "UPDATE blocks SET digest = x'00' WHERE height = 3", (store: BlockStore) => store.getRecentDigests(99)],
  ["its instance id", "UPDATE meta SET value = x'00'", () => undefined],
] as const)("%s of a wrong length is found when it is read: %s", (what, sql, read) => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  {
    using db = new Database(file);
    db.run("PRAGMA ignore_check_constraints = ON");
    db.run(sql);
  }
  const refusal = refusalOf(() => {
    const store = BlockStore.open(file);
    try {
      read(store);
    } finally {
      store.close();
    }
  });
  expect(refusal).toEqual({ code: "database failed", file, problem: `${what} is damaged`, cure });
});

/** Reads everything; whatever comes is right, or refused in our words. */
function readAll(file: string): { readonly problems: number } {
  let problems = 0;
  const tryTo = <T>(work: () => T, isRight: (value: T) => boolean) => {
    const refusal = refusalOf(() => expect(isRight(work())).toBeTrue());
    if (refusal === undefined) return;
    expect(refusal).toMatchObject({ code: "database failed", file });
    problems++;
  };
  let store: BlockStore | undefined;
  tryTo(
    () => {
      store = BlockStore.open(file);
    },
    () => true,
  );
  if (store === undefined) return { problems };
  const { lastAccepted, getBlock } = {
    lastAccepted: () => store?.lastAccepted(),
    getBlock: (at: Block) => store?.getBlock(at.id),
  };
  tryTo(lastAccepted, (block) => block !== undefined);
  for (const wanted of chain) {
    tryTo(
      () => getBlock(wanted),
      (block) => block === undefined || block.bytes.toHex() === wanted.bytes.toHex(),
    );
    tryTo(
      () => [store?.getDecision(wanted.id), store?.getIdAtHeight(wanted.height)],
      () => true,
    );
  }
  tryTo(
    () => store?.getRecentDigests(1_000),
    () => true,
  );
  store.close();
  return { problems };
}

describe("a file that was cut short is refused by name", () => {
  test.each([50, 99, 100, 1_000, 16_384, 20_000, 32_768])("to %i bytes", (length) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeFile(file);
    truncateSync(file, length);
    expect(readAll(file).problems).toBeGreaterThan(0);
    makeWhole(file);
  });

  /** The refused file must not stay locked. */
  function makeWhole(file: string): void {
    truncateSync(file, 0);
    expect(readAll(file).problems).toBe(1); // an empty chain has no last accepted block, and nothing else is wrong
  }
});

test("damage anywhere in the file is refused in our words, or was not there", () => {
  using directory = temporaryDirectory();
  const whole = directory.file("whole.db");
  makeFile(whole);
  const { length } = readFileSync(whole);
  const hit = fc.record({ at: fc.nat(length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
  let found = 0;
  let file = "";
  fc.assert(
    fc.property(fc.array(hit, { minLength: 1, maxLength: 8 }), (hits) => {
      file = directory.file(`${++found}.db`);
      const bytes = readFileSync(whole);
      for (const { at, bytes: wrong } of hits) bytes.set(wrong.subarray(0, length - at), at);
      writeFileSync(file, bytes);
      readAll(file);
    }),
    { numRuns },
  );
});

test("a damaged page with the tables' list is refused by name, and the file is free afterwards", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeFile(file);
  const whole = readFileSync(file);
  changeBytes(file, (bytes) => bytes.fill(0xff, 100, 16_384));
  expect(refusalOf(() => BlockStore.open(file))).toMatchObject({ code: "database failed", file, cure });
  writeFileSync(file, whole);
  expect(readAll(file).problems).toBe(0);
});

test.each(["blocks", "meta"])(
  "a file without its table %s is refused by name, and is free afterwards",
  async (table) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeFile(file);
    {
      using db = new Database(file);
      db.run(`DROP TABLE ${table}`);
    }
    const refusal = { code: "database failed", file, problem: `no such table: ${table}`, cure } as const;
    expect(refusalOf(() => BlockStore.open(file))).toEqual(refusal);
    expect(await openElsewhere(file), "not in use").toEqual(refusal);
  },
);
