import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { maxTreeLeaves, problemInTree, type StoredTree, secretBytes } from "../../src/store/tree-table.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function treeOf(name: string, leaves = 1): StoredTree {
  return {
    root: digestOf(bytesOf(name)),
    secret: new Uint8Array(32).fill(leaves % 256),
    leaves: new Uint8Array(32 * leaves).fill(name.length),
  };
}

function openWith(...trees: readonly StoredTree[]): BlockStore {
  const store = BlockStore.open(":memory:");
  store.trees.add(trees);
  return store;
}

test("a tree has a secret of 32 bytes, and up to 4,096 leaves", () => {
  expect([secretBytes, maxTreeLeaves]).toEqual([32, 4_096]);
});

describe("trees in the file", () => {
  test("may be added while they are read", () => {
    const store = openWith(treeOf("a"));
    const reading = store.trees.readAll();
    expect(reading.next().value).toEqual(treeOf("a"));
    store.trees.add([treeOf("b")]);
    expect(reading.next().value).toEqual(treeOf("b"));
    expect(reading.next().done).toBeTrue();
  });
});

describe("a tree is refused, with all others of the same call,", () => {
  test.each<readonly [string, StoredTree]>([
    ["whose root is there", treeOf("there")],
    ["of a short secret", { ...treeOf("a"), secret: new Uint8Array(31) }],
    ["of a long secret", { ...treeOf("a"), secret: new Uint8Array(33) }],
    ["without a leaf", treeOf("a", 0)],
    ["of a part of a leaf", { ...treeOf("a"), leaves: new Uint8Array(33) }],
    ["of too many leaves", treeOf("a", maxTreeLeaves + 1)],
  ])("%s", (_name, wrong) => {
    const store = openWith(treeOf("there"));
    expect(refusalOf(() => store.trees.add([treeOf("new"), wrong]))).toMatchObject({ code: "database failed" });
    expect([...store.trees.readAll()]).toEqual([treeOf("there")]);
  });
});

test.each<readonly [string, Partial<StoredTree>, string | undefined]>([
  ["nothing", {}, undefined],
  ["a short secret", { secret: new Uint8Array(31) }, "its secret has 31 bytes instead of 32"],
  ["no leaf", { leaves: new Uint8Array() }, "its leaves have 0 bytes, which is not 32 each"],
  ["a part of a leaf", { leaves: new Uint8Array(63) }, "its leaves have 63 bytes, which is not 32 each"],
  ["as many leaves as there may be", { leaves: new Uint8Array(32 * 4_096) }, undefined],
  ["one more", { leaves: new Uint8Array(32 * 4_097) }, "it has 4097 leaves, more than 4096"],
])("what is wrong with a tree: %s", (_name, change, problem) => {
  expect(problemInTree({ ...treeOf("a"), ...change })).toBe(problem);
});

describe("a damaged tree is not read:", () => {
  const what = `tree ${treeOf("b").root}`;

  test.each([
    ["root = x'00'", "the root of a tree"],
    ["root = 'text'", "the root of a tree"],
    ["secret = x'00'", what],
    ["secret = 7", what],
    ["leaves = x''", what],
    ["leaves = zeroblob(33)", what],
    ["leaves = zeroblob(131104)", what],
    ["leaves = 'text'", what],
  ])("%s", (change, problem) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    store.trees.add([treeOf("a"), treeOf("b")]);
    store.close();
    spoil(file, `UPDATE trees SET ${change} WHERE tree = 2`);
    const again = BlockStore.open(file);
    const reading = again.trees.readAll();
    expect(reading.next().value).toEqual(treeOf("a"));
    expect(refusalOf(() => reading.next())).toMatchObject({
      code: "database failed",
      problem: `${problem} is damaged`,
    });
    again.close();
  });

  /** In a table of the same columns that has no rules. */
  function spoil(file: string, sql: string): void {
    using db = new Database(file);
    db.run("CREATE TABLE loose AS SELECT * FROM trees");
    db.run("DROP TABLE trees");
    db.run("ALTER TABLE loose RENAME TO trees");
    db.run(sql);
  }
});
