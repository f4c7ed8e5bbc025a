import { Database } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { Block } from "../../src/core/block.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { chainOn, childOf, genesis, spaced } from "../support/chain.ts";
import { indexDigests } from "../support/database.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, damage, db, dbAnswered, makeDatabase } from "./db-support.ts";

const at = (height: number) => blocks[height] ?? genesis;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function read(file: string) {
  const store = BlockStore.open(file);
  const { height, id } = store.lastAccepted();
  const waiting = [...store.proposals.readAll()].map(({ data, peer }) => `${textOf(data)}${peer ? " of a peer" : ""}`);
  store.close();
  return { height, id, waiting };
}

describe("db rollback", () => {
  test("rewinds what is above the height, and says what waits now", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    expect(db("rollback", file, "--to", "2", "--yes")).toEqual({
      code: 0,
      out: `rewound        3 blocks, from height 5 to 2\nlast accepted  ${at(2).id}\nproposals      5 waiting\n`,
      err: "",
    });
    expect(read(file)).toEqual({
      height: 2n,
      id: at(2).id,
      waiting: ["block 2 on 0", "block 3 on 0", "block 4 on 0", "waits of a peer", "block 1 on 0"],
    });
    expect(db("check", file).code).toBe(0);
  });

  test("goes back over many commits, in the order of the chain", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const chain = [genesis, ...chainOn(genesis, 450)];
    makeDatabase(file, { blocks: chain, proposals: [], rejected: [] });
    const { code, out } = db("rollback", directory.path, "--to", "0", "--yes");
    expect([code, out]).toEqual([0, expect.stringContaining("rewound        450 blocks, from height 450 to 0\n")]);
    expect(read(file)).toEqual({ height: 0n, id: genesis.id, waiting: chain.slice(1).map(({ data }) => textOf(data)) });
  });

  test("to the head changes nothing", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const before = readFileSync(file);
    const { code, out } = db("rollback", file, "--to", "5", "--yes");
    expect([code, out]).toEqual([0, expect.stringContaining("rewound        0 blocks, from height 5 to 5\n")]);
    expect(readFileSync(file).equals(before)).toBeTrue();
  });

  test.each(["6", "18446744073709551615"])("to height %s, above the head, is refused", (height) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    expect(db("rollback", file, "--to", height, "--yes")).toEqual({
      code: 1,
      out: "",
      err: `error: ${file}: the last accepted block has height 5, below ${height}\n`,
    });
    expect(read(file).height).toBe(5n);
  });

  const noNumber = "not a whole number from 0 to 18446744073709551615.";

  test.each([
    ...["-1", "1.5", "x", "0x1", "1e3", "+1", " 1", "18446744073709551616"].map(
      (height) => [height, noNumber] as const,
    ),
    ["", "it is empty."] as const,
  ])("to %p is wrong use: %s", (height, problem) => {
    using directory = temporaryDirectory();
    const { code, out, err } = db("rollback", directory.path, "--to", height, "--yes");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(problem);
  });
});

describe("before it removes anything, db rollback", () => {
  // The blocks of the file are at heights 0 to 5, all of one time.
  const loss =
    "This removes the blocks of 3 heights, 3 to 5: all that came after block 2 of 2023-11-14T22:13:20Z.\n" +
    "Their data waits for a block again, which may have a later time; what cannot be read of it is lost.\n" +
    "When this node first saw these blocks is lost, too.\n";

  test.each([
    ["y\n", 0, 2n],
    ["yes\n", 0, 2n],
    ["n\n", 1, 5n],
    ["\n", 1, 5n],
    ["", 1, 5n],
  ])("says what is lost, and asks: %j is exit %i", (typed, code, height) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const ran = dbAnswered(() => typed, "rollback", file, "--to", "2");
    const refused = code === 0 ? "" : "error: nothing was changed\n";
    expect([ran.code, ran.err]).toEqual([code, `${loss}Remove them? [y/N] ${refused}`]);
    expect(read(file).height).toBe(height);
  });

  test("removes no more than it has said, if there are more blocks when the answer comes", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const extend = () => {
      const store = BlockStore.open(file);
      store.acceptAll(chainOn(at(5), 2));
      store.close();
      return "y\n";
    };
    const { code, out, err } = dbAnswered(extend, "rollback", file, "--to", "2");
    const changed = `error: ${file}: the chain has changed meanwhile: nothing was changed; run it again\n`;
    expect([code, out, err]).toEqual([1, "", `${loss}Remove them? [y/N] ${changed}`]);
    expect(read(file)).toMatchObject({ height: 7n, waiting: ["waits of a peer", "block 1 on 0"] });
  });

  test("refuses as wrong use where nobody can be asked", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const err = `error: ${loss}Remove them?\nThere is no terminal to answer on: add --yes.\n`;
    expect(db("rollback", file, "--to", "2")).toEqual({ code: 2, out: "", err });
    expect(read(file).height).toBe(5n);
  });

  test("only says it, with --dry-run", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const before = readFileSync(file);
    for (const more of [[], ["--yes"]]) {
      const ran = db("rollback", file, "--to", "2", "--dry-run", ...more);
      expect(ran).toEqual({ code: 0, out: `${loss}Nothing was changed.\n`, err: "" });
    }
    const nothing = "This removes no block. It drops damaged proposals, if there are any.\nNothing was changed.\n";
    expect(db("rollback", file, "--to", "5", "--dry-run").out).toBe(nothing);
    expect(db("rollback", file, "--to", "6", "--dry-run").code).toBe(1);
    expect(readFileSync(file).equals(before)).toBeTrue();
  });

  test("asks nothing if it removes no block", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    expect(db("rollback", file, "--to", "5").code).toBe(0);
  });
});

describe("of a damaged chain, db rollback", () => {
  const farAbove = `UPDATE blocks SET height = ${2n ** 62n} WHERE height = 5`;
  const lostOne = "lost           the data of 1 damaged block\n";
  const lostTwo = "lost           the data of 2 damaged blocks\n";

  /** Five blocks that are stored as they came. */
  const receivedChain = [genesis];
  for (let i = 0; i < 5; i++) receivedChain.push(spaced(childOf(receivedChain[i] ?? genesis, `block ${i} on 0`)));

  /** Rewinds the damaged chain as `db check` says. What its blocks carried is lost, or waits. */
  function expectRewound(chain: readonly Block[], sql: string, height: number, result: RewoundChain): void {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file, { blocks: chain, proposals: [] });
    damage(file, sql);
    expect(db("check", file).err).toContain(`with db rollback --to ${height}.\n`);
    const { code, out } = db("rollback", file, "--to", `${height}`, "--yes");
    expect([code, out]).toEqual([0, expect.stringContaining(`rewound        ${result.blocks} block`)]);
    expect(/^lost .*\n/m.exec(out)?.[0]).toBe(result.lost);
    expect(read(file)).toEqual({ height: BigInt(height), id: (chain[height] ?? genesis).id, waiting: result.waiting });
    expect(db("check", file).code).toBe(0);
  }

  interface RewoundChain {
    readonly blocks: number;
    readonly lost: string | undefined;
    readonly waiting: string[];
  }

  const five = ["block 4 on 0"];
  test.each([
    [
      "a damaged block",
      "UPDATE blocks SET data = x'00' WHERE height = 4",
      3,
      { blocks: 2, lost: lostOne, waiting: five },
    ],
    ["a damaged head", "UPDATE blocks SET data = x'00' WHERE height = 5", 4, { blocks: 1, lost: lostOne, waiting: [] }],
    // The block above has no parent without it.
    [
      "a block of a damaged key",
      "UPDATE blocks SET key = x'00' WHERE height = 4",
      3,
      { blocks: 2, lost: lostTwo, waiting: [] },
    ],
    [
      "what is above a missing block",
      "DELETE FROM blocks WHERE height = 4",
      3,
      { blocks: 1, lost: lostOne, waiting: [] },
    ],
    ["a block far above", farAbove, 4, { blocks: 1, lost: lostOne, waiting: [] }],
  ])("rewinds %s, and keeps what the others carried", (_name, sql, height, result) =>
    expectRewound(blocks, sql, height, result),
  );

  test.each([
    [
      "a damaged block",
      "UPDATE blocks SET bytes = x'00' WHERE height = 4",
      3,
      { blocks: 2, lost: lostOne, waiting: five },
    ],
    [
      "a block of a damaged key",
      "UPDATE blocks SET key = x'00' WHERE height = 4",
      3,
      { blocks: 2, lost: lostOne, waiting: five },
    ],
    [
      "what is above a missing block",
      "DELETE FROM blocks WHERE height = 4",
      3,
      { blocks: 1, lost: undefined, waiting: five },
    ],
    ["a block far above", farAbove, 4, { blocks: 1, lost: undefined, waiting: five }],
  ])("rewinds %s among those that are stored as they came", (_name, sql, height, result) =>
    expectRewound(receivedChain, sql, height, result),
  );

  test.each([
    ["a damaged block", "UPDATE blocks SET data = x'00' WHERE height = 4"],
    ["bytes that are no block", "UPDATE blocks SET data = NULL, bytes = x'00' WHERE height = 4"],
    ["a missing block", "DELETE FROM blocks WHERE height = 4"],
    ["a block far above", `UPDATE blocks SET height = ${2n ** 62n} WHERE height = 4`],
  ])("leaves no digest of a removed block: %s", (_name, sql) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    indexDigests(file, blocks);
    damage(file, sql);
    expect(db("check", file).err).toContain("with db rollback --to 3.\n");
    expect(db("rollback", file, "--to", "3", "--yes").code).toBe(0);
    using database = new Database(file, { readonly: true });
    expect(database.query("SELECT height FROM digests WHERE height > 3").values()).toEqual([]);
    expect(db("check", file).code).toBe(0);
  });

  test.each([
    ["makes the index of digests anew", "UPDATE digests SET prefix = zeroblob(8) WHERE height = 4", undefined],
    ["drops a damaged proposal", "UPDATE mempool SET data = x'00' WHERE position = 1", "1 damaged proposal"],
    [
      "drops a proposal that waits a second time",
      "INSERT INTO mempool (digest, since, data) SELECT digest, since, data FROM mempool WHERE position = 1",
      "1 damaged proposal",
    ],
  ])("to the height that the chain has, %s", (_name, sql, dropped) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    indexDigests(file, blocks);
    damage(file, sql);
    expect(db("check", file).err).toContain("Cure: db rollback --to 5. All blocks are sound, and it removes none.\n");
    const { code, out } = db("rollback", file, "--to", "5", "--yes");
    expect([code, /^dropped +(.*)$/m.exec(out)?.[1]]).toEqual([0, dropped]);
    expect(out).toContain("rewound        0 blocks");
    expect(db("check", file)).toMatchObject({ code: 0, err: "" });
  });

  test("ends above a block that cannot even be removed, with the digests of what is left", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const large = childOf(at(3), "x".repeat(30_000)); // on pages of its own
    const chain = [...blocks.slice(0, 4), large, ...chainOn(large, 2)];
    makeDatabase(file, { blocks: chain, proposals: [] });
    indexDigests(file, chain);
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(0xffffffff, Math.floor(bytes.indexOf("x".repeat(8_180)) / 8_192) * 8_192); // of the next of them
    writeFileSync(file, bytes);
    expect(db("check", file).err).not.toContain("db rollback");
    expect(db("rollback", file, "--to", "3", "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("malformed"),
    });
    using database = new Database(file, { readonly: true });
    for (const [table, left] of [["blocks", [0, 1, 2, 3, 4]] as const, ["digests", []] as const]) {
      const heights = database.query(`SELECT height FROM ${table} ORDER BY height`).values().flat();
      expect(heights, table).toEqual([...left]);
    }
  });

  test.each([
    ["damaged", "UPDATE blocks SET data = x'00' WHERE height = 3", `block ${at(3).id} is damaged`],
    ["missing", "DELETE FROM blocks WHERE height = 3", "the block at height 3 is missing"],
  ])("to a block that is %s is refused, and nothing changes", (_name, sql, problem) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    damage(file, sql);
    const { code, out, err } = db("rollback", file, "--to", "3", "--yes");
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(problem)]);
    expect(read(file).height).toBe(5n);
  });

  test("loses nothing where the blocks are sound and the disk is full", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const large = childOf(at(5), new Uint8Array(500_000));
    makeDatabase(file, { blocks: [...blocks, large] });
    const { run } = Database.prototype;
    const spy = spyOn(Database.prototype, "run").mockImplementation(function (this: Database, sql, ...values) {
      const done = run.call(this, sql, ...values);
      if (sql.startsWith("PRAGMA synchronous")) run.call(this, "PRAGMA max_page_count = 1"); // as many as it has
      return done;
    });
    try {
      const { code, err } = db("rollback", file, "--to", "3", "--yes");
      expect([code, err]).toEqual([1, expect.stringContaining("database or disk is full; free some disk space")]);
    } finally {
      spy.mockRestore();
    }
    expect(read(file)).toMatchObject({ height: 6n, waiting: ["waits of a peer", "block 1 on 0"] });
  });
});
