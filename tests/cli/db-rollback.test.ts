import { Database } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { BlockStore } from "../../src/store/block-store.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import { acceptAll, chainOn, childOf, decideNext, genesis, startVm } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, damage, db, makeDatabase } from "./db-support.ts";

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
    expect(db("rollback", file, "--to", "2")).toEqual({
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
    const { code, out } = db("rollback", directory.path, "--to", "0");
    expect([code, out]).toEqual([0, expect.stringContaining("rewound        450 blocks, from height 450 to 0\n")]);
    expect(read(file)).toEqual({ height: 0n, id: genesis.id, waiting: chain.slice(1).map(({ data }) => textOf(data)) });
  });

  test("to the head changes nothing", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const before = readFileSync(file);
    const { code, out } = db("rollback", file, "--to", "5");
    expect([code, out]).toEqual([0, expect.stringContaining("rewound        0 blocks, from height 5 to 5\n")]);
    expect(readFileSync(file).equals(before)).toBeTrue();
  });

  test.each(["6", "18446744073709551615"])("to height %s, above the head, is refused", (height) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    expect(db("rollback", file, "--to", height)).toEqual({
      code: 1,
      out: "",
      err: `error: ${file}: the last accepted block has height 5, below ${height}\n`,
    });
    expect(read(file).height).toBe(5n);
  });

  test.each(["-1", "1.5", "", "x", "0x1", "1e3", "+1", " 1", "18446744073709551616"])(
    "to %p is wrong use",
    (height) => {
      using directory = temporaryDirectory();
      const { code, out, err } = db("rollback", directory.path, "--to", height);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("not a whole number from 0 to 18446744073709551615.");
    },
  );
});

describe("of a damaged chain, db rollback", () => {
  test.each([
    ["a damaged block", "UPDATE blocks SET bytes = x'00' WHERE height = 4", 3, 2, 1, ["block 4 on 0"]],
    ["a damaged head", "UPDATE blocks SET bytes = x'00' WHERE height = 5", 4, 1, 1, []],
    ["a block of a damaged key", "UPDATE blocks SET key = x'00' WHERE height = 4", 3, 2, 1, ["block 4 on 0"]],
    ["what is above a missing block", "DELETE FROM blocks WHERE height = 4", 3, 1, 0, ["block 4 on 0"]],
    ["a block far above", `UPDATE blocks SET height = ${2n ** 62n} WHERE height = 5`, 4, 1, 0, ["block 4 on 0"]],
  ])("rewinds %s, and keeps what the others carried", (_name, sql, height, taken, lost, waiting) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file, { proposals: [] });
    damage(file, sql);
    expect(db("check", file).err).toContain(`with db rollback --to ${height}.\n`);
    const { code, out } = db("rollback", file, "--to", `${height}`);
    expect([code, out]).toEqual([0, expect.stringContaining(`rewound        ${taken} block`)]);
    expect(out.includes("lost           what 1 damaged block carried\n")).toBe(lost === 1);
    expect(read(file)).toEqual({ height: BigInt(height), id: at(height).id, waiting });
    expect(db("check", file).code).toBe(0);
  });

  test.each([
    ["damaged", "UPDATE blocks SET bytes = x'00' WHERE height = 3", `block ${at(3).id} is damaged`],
    ["missing", "DELETE FROM blocks WHERE height = 3", "the block at height 3 is missing"],
  ])("to a block that is %s is refused, and nothing changes", (_name, sql, problem) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    damage(file, sql);
    const { code, out, err } = db("rollback", file, "--to", "3");
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
      const { code, err } = db("rollback", file, "--to", "3");
      expect([code, err]).toEqual([1, expect.stringContaining("database or disk is full; free some disk space")]);
    } finally {
      spy.mockRestore();
    }
    expect(read(file)).toMatchObject({ height: 6n, waiting: ["waits of a peer", "block 1 on 0"] });
  });
});

describe("after db rollback, the chain opens", () => {
  function rolledBack(directory: string, file: string): HeadMarker {
    const { vm } = startVm({ file });
    acceptAll(vm, blocks.slice(1));
    const marker = vm.headMarker;
    vm.close();
    expect(db("rollback", directory, "--to", "2").code).toBe(0);
    return marker;
  }

  test("where it was rewound to, when the node's database is ahead; with the blocks of its peers", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const marker = rolledBack(directory.path, file);
    const { vm, rewound } = startVm({ file, marker });
    expect([rewound, vm.lastAccepted]).toEqual([[], at(2)]);
    expect(vm.headMarker).toEqual({ ...marker, height: 2n, id: at(2).id });
    acceptAll(vm, blocks.slice(3));
    expect(vm.status().mempool.items, "what the peers' blocks carry waits no longer").toBe(0);
    vm.close();
  });

  test("and stamps again what was rewound, when there are no peers", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const { vm } = startVm({ file, marker: rolledBack(directory.path, file) });
    const texts = [3, 4, 5].map(() => textOf(decideNext(vm).data));
    expect(texts).toEqual(["block 2 on 0", "block 3 on 0", "block 4 on 0"]);
    expect(vm.status().mempool.items).toBe(0);
    vm.close();
  });

  test("at the node's height, when that is lower still", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const marker = { ...rolledBack(directory.path, file), height: 1n, id: at(1).id };
    const { vm } = startVm({ file, marker });
    expect(vm.lastAccepted).toEqual(at(1));
    vm.close();
  });
});
