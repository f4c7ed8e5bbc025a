import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { bytesOf, chainOn, childOf, genesis, peer } from "../support/chain.ts";
import { makeOldFile, type OldContent, oldInstanceId, oldVersions } from "../support/old-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { damage, db, dbAnswered, exported, proposal } from "./db-support.ts";

// What the commands do with files of older schemas.

const chain = [genesis, ...chainOn(genesis, 12)];
const rejected = [3, 9].map((height) => childOf(chain[height - 1] ?? genesis, "rival"));
/** The second of them is in a block already. */
const waiting = ["waits", "block 8 on 0"].map(bytesOf);
const content: OldContent = { accepted: chain, rejected, waiting, gossiped: [{ data: bytesOf("of a peer"), peer }] };

function makeOld(file: string, version: (typeof oldVersions)[number] = 3): void {
  makeOldFile(file, version, version === 1 ? { accepted: chain, rejected } : content);
}

/** The same in a file of the newest schema. */
function makeNew(file: string): void {
  const store = BlockStore.open(file, oldInstanceId);
  store.acceptAll(chain);
  store.rejectAll(rejected);
  store.proposals.add([...waiting.map((data) => proposal(data)), proposal("of a peer", peer)]);
  store.close();
}

/** What an export says, but for the times. */
function timeless(file: string): string[] {
  return exported(file).map((line) => line.replace(/"since":\d+/, '"since":0'));
}

describe.each(oldVersions)("of a file of schema %i", (version) => {
  test("db export reads all, and changes nothing", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file, version);
    const before = readFileSync(file);
    const lines = exported(file);
    expect(readFileSync(file).equals(before)).toBe(true);
    makeNew(directory.file("new.db"));
    if (version > 1) expect(timeless(file)).toEqual(timeless(directory.file("new.db")));
    expect(lines.filter((line) => line.includes('"type":"block"'))).toHaveLength(chain.length);
  });

  test("db backup makes a copy of the newest schema, and changes nothing", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file, version);
    const [before, lines] = [readFileSync(file), exported(file)];
    db("backup", file, "--file", directory.file("copy.db"));
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(needsUpgrade(directory.file("copy.db"))).toBe(false);
    expect(exported(directory.file("copy.db"))).toEqual(lines);
  });

  test("db rollback leaves what it leaves of a new one, in a file of the newest schema", () => {
    using directory = temporaryDirectory();
    const [old, made] = [directory.file("old.db"), directory.file("new.db")];
    makeOld(old, version);
    makeNew(made);
    if (version === 1) damage(made, "DELETE FROM mempool");
    const [ofOld, ofNew] = [old, made].map((file) => db("rollback", file, "--to", "4", "--yes"));
    expect(ofOld).toEqual({
      code: 0,
      out: ofNew?.out ?? "",
      err:
        `upgrading ${old} from schema ${version} to 4, which older releases cannot open: 13 blocks\n` +
        `upgraded ${old} to schema 4\n`,
    });
    expect(needsUpgrade(old)).toBe(false);
    expect(timeless(old)).toEqual(timeless(made));
    expect(readdirSync(directory.path).sort()).toEqual(["new.db", "old.db"]);
    const store = BlockStore.open(old);
    expect(rejected.map(({ id }) => store.getDecision(id))).toEqual(["rejected", undefined]);
    expect(store.findBlock(digestOf(bytesOf("block 2 on 0")), 0n)).toEqual(chain[3]);
    store.close();
  });

  test("db import takes its place where it is empty, and else refuses", () => {
    using directory = temporaryDirectory();
    const [file, made] = [directory.file("timestampvm.db"), directory.file("new.db")];
    makeNew(made);
    db("export", made, "--file", directory.file("export"));
    makeOldFile(file, version, { accepted: [] });
    expect(db("import", file, "--file", directory.file("export"))).toMatchObject({ code: 0, err: "" });
    expect(exported(file)).toEqual(exported(made));
    makeOld(directory.file("full.db"), version);
    expect(db("import", directory.file("full.db"), "--file", directory.file("export"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("it holds a chain already"),
    });
  });
});

describe("db rollback of an old file", () => {
  test("removes no more than it has said, if there are more blocks when the answer comes", () => {
    using directory = temporaryDirectory();
    const [file, longer] = [directory.file("timestampvm.db"), directory.file("longer.db")];
    makeOldFile(file, 3, { accepted: chain.slice(0, 10) });
    makeOldFile(longer, 3, { accepted: chain });
    const before = readFileSync(longer);
    const extend = () => {
      renameSync(longer, file);
      return "y\n";
    };
    const { code, out, err } = dbAnswered(extend, "rollback", file, "--to", "7");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toEndWith(`error: ${file}: the chain has changed meanwhile: nothing was changed; run it again\n`);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
  });

  test("is the cure where a block above is damaged: what others carried waits again", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file);
    damage(file, "UPDATE blocks SET bytes = x'00' WHERE height IN (8, 12) AND status = 3");
    const { code, out } = db("rollback", file, "--to", "7", "--yes");
    expect([code, out.split("\n")]).toEqual([
      0,
      [
        "rewound        5 blocks, from height 12 to 7",
        "lost           the data of 2 damaged blocks",
        `last accepted  ${chain[7]?.id}`,
        "proposals      5 waiting",
        "",
      ],
    ]);
    const store = BlockStore.open(file);
    expect([...store.history(0n, 7n)]).toEqual(chain.slice(0, 8));
    expect([...store.proposals.readAll()].map(({ data }) => new TextDecoder().decode(data))).toEqual([
      ...["block 9 on 0", "block 10 on 0", "waits", "block 8 on 0", "of a peer"],
    ]);
    store.close();
  });

  test("skips heights without a block, however many they are", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file);
    damage(file, "DELETE FROM blocks WHERE height IN (9, 10) AND status = 3");
    damage(file, `UPDATE blocks SET height = ${2n ** 63n - 1n} WHERE height = 12`);
    const { code, out } = db("rollback", file, "--to", "8", "--yes");
    expect([code, out]).toEqual([0, expect.stringContaining("rewound        2 blocks, from height 9,2")]);
    expect(exported(file).filter((line) => line.includes('"type":"block"'))).toHaveLength(9);
  });

  test("to its head upgrades it", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file);
    const before = timeless(file);
    expect(db("rollback", file, "--to", "12", "--yes").code).toBe(0);
    expect(needsUpgrade(file)).toBe(false);
    expect(timeless(file)).toEqual(before);
  });

  test.each([
    ["above its head", "13", "", "the last accepted block has height 12, below 13"],
    ["above a damaged block", "9", "UPDATE blocks SET bytes = x'00' WHERE height = 5", "is damaged"],
    ["above a missing block", "9", "DELETE FROM blocks WHERE height = 5", "the block at height 5 is missing"],
    [
      "where there is no block",
      "9",
      "DELETE FROM blocks WHERE height = 9 AND status = 3",
      "the block at height 9 is missing",
    ],
  ])("is refused %s, and changes nothing", (_name, to, sql, problem) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeOld(file);
    if (sql !== "") damage(file, sql);
    const before = readFileSync(file);
    expect(db("rollback", file, "--to", to, "--yes")).toMatchObject({ code: 1, err: expect.stringContaining(problem) });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
  });

  test("keeps no data that no block of ours may carry", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const large = childOf(genesis, new Uint8Array(1_000_001));
    makeOldFile(file, 3, { accepted: [genesis, large, childOf(large, "above")] });
    expect(db("rollback", file, "--to", "0", "--yes").out).toContain(
      "rewound        2 blocks, from height 2 to 0\nlast accepted",
    );
    const store = BlockStore.open(file);
    expect([...store.proposals.readAll()].map(({ data }) => data)).toEqual([bytesOf("above")]);
    store.close();
    expect(statSync(file).size).toBeLessThan(1_000_000);
  });
});
