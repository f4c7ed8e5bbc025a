import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import { childOf, genesis, spaced, startVm } from "../support/chain.ts";
import { indexDigests } from "../support/database.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";
import { damage, db, makeDatabase, proposal, type Ran } from "./db-support.ts";

const numRuns = runs(50, 5_000);

// A cure that is named works: each file is damaged, `db check` names a cure, that is carried out to the letter, and then
// the chain opens as a node opens it, and `db check` is content.

const chain: Block[] = [genesis];
for (let height = 1; height <= 60; height++) {
  // Some are larger than a page, and some are stored as they came.
  const block = childOf(chain.at(-1) ?? genesis, `${height} `.repeat(height % 13 === 0 ? 9_000 : 300));
  chain.push(height % 7 === 0 ? spaced(block) : block);
}
const last = chain.at(-1) ?? genesis;
const rejected = [3, 30, 58].map((height) => childOf(chain[height] ?? genesis, "rival"));
const proposals = Array.from({ length: 8 }, (_, i) => proposal(`waits ${i} `.repeat(500)));

const pageBytes = 8_192;

let directory: ReturnType<typeof memoryDirectory>;
let whole = "";
let marker: HeadMarker | undefined;
let bytes: Buffer;
/** The same chain as a killed plugin leaves it: all that is above block 20 is in the log. */
let killed = "";
beforeAll(() => {
  directory = memoryDirectory();
  whole = directory.file("whole.db");
  const instanceId = makeDatabase(whole, { blocks: chain, rejected, proposals });
  indexDigests(whole, chain.slice(0, 51)); // the others are in memory where it is open
  marker = { instanceId, height: last.height, id: last.id };
  bytes = readFileSync(whole);
  killed = directory.file("killed.db");
  makeDatabase(directory.file("running.db"), { blocks: chain.slice(0, 21), rejected: [], proposals: [] });
  const store = BlockStore.open(directory.file("running.db"));
  for (const block of chain.slice(21)) store.acceptAll([block]);
  for (const end of ["", "-wal"]) copyFileSync(`${directory.file("running.db")}${end}`, `${killed}${end}`);
  store.close();
});
afterAll(() => directory[Symbol.dispose]());

/** What was done, in the words of the cure. */
type Cured = "nothing" | "mended" | "rolled back" | "deleted" | "moved";

/** Checks a file of its own directory, and does what is said. Throws where that does not help. */
function cure(dir: ReturnType<typeof memoryDirectory>): readonly Cured[] {
  const file = dir.file("timestampvm.db");
  const before = existsSync(`${file}-wal`) ? undefined : readFileSync(file);
  const checked = db("check", dir.path);
  if (before !== undefined) expect(readFileSync(file).equals(before), "a cure is tried and undone").toBeTrue();
  if (checked.code === 0) return [expectOpens(dir, "nothing")];
  const mending = /Cure: db rollback --to (\d+)\. All blocks are sound/.exec(checked.err)?.[1];
  if (mending !== undefined) {
    expect(db("rollback", dir.path, "--to", mending, "--yes").out, checked.out).toContain(`rewound        0 blocks`);
    return [expectOpens(dir, "mended")];
  }
  const rollback = /with db rollback --to (\d+)\./.exec(checked.err)?.[1];
  const done: Cured[] = [];
  if (rollback !== undefined) {
    expect(db("rollback", dir.path, "--to", rollback, "--yes"), checked.out).toMatchObject({ code: 0, err: "" });
    const open = BlockStore.open(file);
    expect(open.lastHeight()).toBe(BigInt(rollback));
    open.close();
    done.push(expectOpens(dir, "rolled back"));
  }
  return [...done, followRest(dir, checked)];
}

/** What there is to do beside a rollback. */
function followRest(dir: ReturnType<typeof memoryDirectory>, { err }: Ran): Cured {
  if (/delete the chain data directory/.test(err)) {
    rmSync(dir.path, { recursive: true });
    return expectOpens(dir, "deleted");
  }
  expect(err).toContain("move it out of the chain data directory");
  for (const end of ["", "-wal", "-journal"]) {
    const file = `${dir.file("timestampvm.db")}${end}`;
    if (existsSync(file)) renameSync(file, `${directory.file("moved")}${end}`);
  }
  return expectOpens(dir, "moved");
}

function expectOpens(dir: ReturnType<typeof memoryDirectory>, cured: Cured): Cured {
  const { vm } = startVm({ file: dir.file("timestampvm.db"), marker });
  if (cured === "deleted" || cured === "moved") expect(vm.lastAccepted).toEqual(genesis);
  vm.close();
  expect(db("check", dir.path), cured).toMatchObject({ code: 0, err: "" });
  return cured;
}

function cureOf(prepare: (file: string) => void): readonly Cured[] {
  using dir = memoryDirectory();
  prepare(dir.file("timestampvm.db"));
  return cure(dir);
}

const withSql = (sql: string) => (file: string) => {
  copyFileSync(whole, file);
  damage(file, sql);
};
const withBytes = (change: (bytes: Buffer) => Buffer) => (file: string) =>
  writeFileSync(file, change(Buffer.from(bytes)));

/** The same bytes, with others in their place from there on. */
function overwritten(all: Buffer, at: number, others: Uint8Array): Buffer {
  all.set(others.subarray(0, Math.max(0, all.length - at)), at);
  return all;
}

describe("the cure that db check names works, where the damage is", () => {
  const reject = "INSERT INTO rejected SELECT key, height FROM blocks WHERE height = 40";
  const other = "UPDATE blocks SET data = x'00' WHERE height = 36";
  test.each([
    ["in a block's data", "UPDATE blocks SET data = x'00' WHERE height = 40"],
    ["in a block's bytes", "UPDATE blocks SET bytes = x'00' WHERE height = 42"],
    ["in the head's data", "UPDATE blocks SET data = x'00' WHERE height = 60"],
    ["in a key", "UPDATE blocks SET key = x'00' WHERE height = 40"],
    ["in an id", "UPDATE blocks SET key = zeroblob(34) WHERE height = 40"],
    ["in a timestamp", "UPDATE blocks SET timestamp = 7 WHERE height = 40"],
    ["in a height", "UPDATE blocks SET height = 99 WHERE height = 40"],
    ["in a height that is far above", `UPDATE blocks SET height = ${2n ** 62n} WHERE height = 60`],
    ["in a height that is the last there is", `UPDATE blocks SET height = ${2n ** 63n - 1n} WHERE height = 60`],
    ["in a block and in a first sight above", "UPDATE blocks SET data = x'', seen = 1, source = 7 WHERE height = 40"],
    ["in a block that became rejected", `${reject}; DELETE FROM blocks WHERE height = 40`],
    [
      "in a rejected block that became accepted",
      `INSERT INTO blocks (height, key, timestamp, data) SELECT 61, key, 1700000000, x'00' FROM rejected WHERE height = 59;
       DELETE FROM rejected WHERE height = 59`,
    ],
    ["that a block is missing", "DELETE FROM blocks WHERE height = 40"],
    ["that many are missing", "DELETE FROM blocks WHERE height BETWEEN 20 AND 40"],
    ["that there is a digest too many, and in a block below", `INSERT INTO digests VALUES (zeroblob(8), 40); ${other}`],
    ["in a block and in a high rejected one", `UPDATE rejected SET key = x'00' WHERE height = 59; ${other}`],
    ["in a block and in a high attestation", `INSERT INTO attestations VALUES (50, 0, zeroblob(58)); ${other}`],
    ["in a block and in a proposal", `UPDATE mempool SET data = x'00' WHERE position = 1; ${other}`],
  ])("%s: a rollback, too", (_name, sql) => {
    expect(cureOf(withSql(sql))).toContain("rolled back");
  });

  test.each([
    ["in a digest", "UPDATE digests SET prefix = zeroblob(8) WHERE height = 40"],
    ["in all digests above one", "UPDATE digests SET prefix = zeroblob(8) WHERE height > 10"],
    ["in the height of a digest", "UPDATE digests SET height = 58 WHERE height = 40"],
    ["that a digest is missing", "DELETE FROM digests WHERE height = 40"],
    ["that too many are called indexed", "UPDATE meta SET value = x'000000000000003c' WHERE name LIKE 'd%'"],
    ["that more are called indexed than there are", "UPDATE meta SET value = x'00000000000000ff' WHERE name LIKE 'd%'"],
    ["that more are missing than are indexed, and rivals are not", "DELETE FROM blocks WHERE height > 45"],
    ["that all digests are missing", "DELETE FROM digests"],
    ["that there is a digest too many", "INSERT INTO digests VALUES (zeroblob(8), 40)"],
    ["that too few are called indexed", "UPDATE meta SET value = x'0000000000000007' WHERE name LIKE 'd%'"],
    ["in how many are indexed", "UPDATE meta SET value = x'00' WHERE name LIKE 'd%'"],
    ["that none are called indexed", "DELETE FROM meta WHERE name LIKE 'd%'"],
    ["in a proposal's data", "UPDATE mempool SET data = x'00' WHERE position = 1"],
    ["in a proposal's digest", "UPDATE mempool SET digest = zeroblob(32) WHERE position = 2"],
  ])("%s: a rollback that removes no block", (_name, sql) => {
    expect(cureOf(withSql(sql))).toEqual(["mended"]);
  });

  test.each([
    ["in the first block's data", "UPDATE blocks SET data = x'00' WHERE height = 0"],
    ["in a first sight", "UPDATE blocks SET seen = 1, source = 7 WHERE height = 40"],
    ["in a block that is rejected as well", reject],
    ["that the head is missing, and its rivals are not", "DELETE FROM blocks WHERE height > 50"],
    ["that the first is missing", "DELETE FROM blocks WHERE height = 0"],
    ["in a low rejected block", "UPDATE rejected SET height = 0 WHERE height = 4"],
    ["in a high rejected block", "UPDATE rejected SET height = 0 WHERE height = 59"],
    ["in a rejected key", "UPDATE rejected SET key = x'00' WHERE height = 4"],
    ["in a block and in a low rejected one", `UPDATE rejected SET key = x'00' WHERE height = 4; ${other}`],
    ["in a block and in a low attestation", `INSERT INTO attestations VALUES (5, 0, zeroblob(58)); ${other}`],
    ["in a tree", "INSERT INTO trees VALUES (1, zeroblob(32), zeroblob(32), zeroblob(33))"],
    ["in a proposal's peer", "UPDATE mempool SET peer = 'x' WHERE position = 2"],
    ["in a block and in the instance id", `UPDATE meta SET value = x'00' WHERE name = 'instance_id'; ${other}`],
    ["in the instance id", "UPDATE meta SET value = x'00'"],
    ["that there is no instance id", "DELETE FROM meta"],
    ["that something belongs to no block", "INSERT INTO meta VALUES ('reencoded 00', x'00')"],
    ["that something belongs to no block, and in one", `INSERT INTO meta VALUES ('reencoded 00', x'00'); ${other}`],
    ["that the index of ids is missing", "DROP INDEX blocks_by_id"],
    ["that the index of rejected heights is missing", "DROP INDEX rejected_by_height"],
    ["that the index of digests is missing", "DROP TABLE digests"],
    ["that an index is missing, and in a block", `DROP INDEX blocks_by_id; ${other}`],
    ["that a table has no rules", "ALTER TABLE meta ADD COLUMN more INTEGER"],
    ["that the table of proposals is missing", "DROP TABLE mempool"],
    ["that the table of blocks is missing", "DROP TABLE blocks"],
    ["that the table of rejected blocks is missing", "DROP TABLE rejected"],
    ["that the table of sources is missing", "DROP TABLE sources"],
    ["that the instance id's table is missing", "DROP TABLE meta"],
    ["that something else is there", "CREATE TABLE more (x)"],
    ["in the version, which is none", "PRAGMA user_version = 0"],
    ["in the version, which is below none", "PRAGMA user_version = -1"],
    ["in the version, which is an older one", "PRAGMA user_version = 2"],
    ["in the version, which is a later one", "PRAGMA user_version = 7"],
    ["in what kind of file it is", "PRAGMA application_id = 1"],
  ])("%s", (_name, sql) => {
    const cured = cureOf(withSql(sql));
    expect(cured).not.toContain("rolled back");
    expect(cured).not.toContain("mended");
  });

  test.each([
    0,
    1,
    50,
    99,
    100,
    512,
    1_000,
    pageBytes - 1,
    pageBytes,
    20_000,
    3 * pageBytes,
    10 * pageBytes,
    -pageBytes,
    -1,
  ])("behind %i bytes, where the file ends", (length) => {
    cureOf(withBytes((all) => all.subarray(0, length)));
  });

  test("on any page: of zeros, of ones, of another page, or of none", () => {
    const pages = bytes.length / pageBytes;
    for (let page = 0; page < pages; page++) {
      const [from, to] = [page * pageBytes, (page + 1) * pageBytes];
      const next = ((page + 1) % pages) * pageBytes;
      const content = from + (page === 0 ? 100 : 0);
      const noRows = Uint8Array.of(0x0d, 0, 0, 0, 0, 0x20, 0, 0);
      const noEntries = Uint8Array.of(0x0a, 0, 0, 0, 0, 0x20, 0, 0);
      cureOf(withBytes((all) => all.fill(0, from, to)));
      cureOf(withBytes((all) => all.fill(0xff, content, to)));
      cureOf(withBytes((all) => all.fill(0xff, content + 8, content + 40)));
      cureOf(withBytes((all) => overwritten(all, from, bytes.subarray(next, next + pageBytes))));
      cureOf(withBytes((all) => overwritten(all, content, noRows)));
      cureOf(withBytes((all) => overwritten(all, content, noEntries)));
    }
  });

  test("in any byte of the header", () => {
    for (let at = 0; at < 100; at++) {
      cureOf(withBytes((all) => overwritten(all, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << (at % 8))))));
    }
  });

  test("in the log: cut anywhere, or changed anywhere, or of nothing", () => {
    const log = readFileSync(`${killed}-wal`);
    const withLog = (content: Buffer) => (file: string) => {
      copyFileSync(killed, file);
      writeFileSync(`${file}-wal`, content);
    };
    for (let i = 0; i <= 20; i++) {
      const at = Math.floor((log.length * i) / 20);
      cureOf(withLog(log.subarray(0, at)));
      cureOf(withLog(Buffer.from(log).fill(0xff, at, Math.min(at + 64, log.length))));
    }
    cureOf(withLog(Buffer.from("half a log")));
    cureOf(withLog(Buffer.alloc(log.length)));
  });

  test("in the file below a log", () => {
    const file = readFileSync(killed);
    for (let page = 0; page < file.length / pageBytes; page++) {
      cureOf((path) => {
        writeFileSync(path, Buffer.from(file).fill(0xff, page * pageBytes + 100, (page + 1) * pageBytes));
        copyFileSync(`${killed}-wal`, `${path}-wal`);
      });
    }
  });

  test("in a page that SQLite refuses when it first reads it, to take it later: the cells are counted wrong", () => {
    for (let page = 1; page < bytes.length / pageBytes; page++) {
      const at = page * pageBytes + 4;
      cureOf(withBytes((all) => overwritten(all, at, Uint8Array.of((bytes[at] ?? 0) + 1))));
    }
  });

  test("anywhere", () => {
    const hit = fc.record({ at: fc.nat(bytes.length - 1), wrong: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
    const done = new Map<Cured, number>();
    fc.assert(
      fc.property(fc.array(hit, { minLength: 1, maxLength: 4 }), (hits) => {
        const cured = cureOf(
          withBytes((all) => hits.reduce((changed, { at, wrong }) => overwritten(changed, at, wrong), all)),
        );
        for (const one of cured) done.set(one, (done.get(one) ?? 0) + 1);
      }),
      { numRuns },
    );
    expect(done.get("rolled back")).toBeGreaterThan(0);
    expect(done.get("deleted")).toBeGreaterThan(0);
  });
});
