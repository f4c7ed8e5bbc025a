import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { BlockStore } from "../../src/store/block-store.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { upgradeDatabase } from "../../src/store/upgrade.ts";
import { bytesOf, chainOn, childOf, genesis, spaced } from "../support/chain.ts";
import { makeOldFile, type OldVersion, oldVersions } from "../support/old-file.ts";
import { refusalOf } from "../support/refusal.ts";
import { memoryDirectory } from "../support/temporary.ts";
import { damage, db } from "./db-support.ts";

// A cure that is named works: the file is made anew, up to the height that `db check` names, and is sound.

const head = spaced(childOf(genesis, "as it came"));
const large = childOf(head, new Uint8Array(60_000)); // on pages of its own
const chain = [genesis, head, large, ...chainOn(large, 57)];
const rejected = [4, 45].map((height) => childOf(chain[height] ?? genesis, "rival"));
const pageBytes = 16_384;
const smallPageBytes = 512;
/** The first byte of a leaf of an index: https://sqlite.org/fileformat.html, "B-tree Pages". */
const indexLeaf = 0x0a;

function makeFile(file: string, version: OldVersion): void {
  makeOldFile(file, version, { accepted: chain, rejected, waiting: version === 1 ? [] : [bytesOf("waits")] });
}

/** The bytes of a file of so small pages that the index of heights has several leaves. */
function withSmallPages(version: OldVersion): Buffer {
  using directory = memoryDirectory();
  const file = directory.file("small.db");
  makeOldFile(file, version, { accepted: [genesis, ...chainOn(genesis, 250)] });
  {
    using database = new Database(file);
    database.run("PRAGMA journal_mode = DELETE"); // else the pages keep their size
    database.run(`PRAGMA page_size = ${smallPageBytes}`);
    database.run("VACUUM");
  }
  return readFileSync(file);
}

/** Gives the height to which `db check` said to rewind; undefined where it did not. Throws where that does not help. */
function cure(version: OldVersion, change: (file: string) => void): number | undefined {
  using directory = memoryDirectory();
  const file = directory.file("timestampvm.db");
  makeFile(file, version);
  change(file);
  const checked = db("check", file);
  const height = /(?:with|Cure:) db rollback --to (\d+)\./.exec(checked.err)?.[1];
  if (height === undefined) return undefined;
  expect(db("rollback", file, "--to", height, "--yes"), checked.out).toMatchObject({ code: 0 });
  const after = db("check", file);
  expect([after.code, after.out]).toEqual([0, expect.stringContaining(`\nheight         ${height}\n`)]);
  return Number(height);
}

describe.each(oldVersions)(
  "the cure that db check names for a file of version %i works, where damage is",
  (version) => {
    const block = "UPDATE blocks SET bytes = x'00' WHERE height = 40";
    const farAbove = `UPDATE blocks SET height = ${2n ** 62n} WHERE height = 59`;

    test.each([
      ["in a block's bytes", block, 39],
      ["in a digest", "UPDATE blocks SET digest = zeroblob(32) WHERE height = 40", 59],
      ["in a key", "UPDATE blocks SET key = x'00' WHERE height = 40", 39],
      ["in a timestamp", "UPDATE blocks SET timestamp = 7 WHERE height = 40", 39],
      ["in a height", "UPDATE blocks SET height = 99 WHERE height = 40", 39],
      ["in a height that is far above", farAbove, 58],
      ["that many are missing", "DELETE FROM blocks WHERE height BETWEEN 20 AND 40", 19],
      ["in a status", "UPDATE blocks SET status = 2 WHERE height = 40", 39],
      ["in a rejected block and in another", `UPDATE blocks SET timestamp = 1 WHERE status = 2; ${block}`, 39],
      ["that an index is missing, and in a block", `DROP INDEX rejected_by_height; ${block}`, 39],
      ["in meta and in a block", `INSERT INTO meta VALUES ('reencoded 00', x'00'); ${block}`, 39],
      [
        "in a rejected key and in a block",
        `UPDATE blocks SET key = x'00' WHERE status = 2 AND height = 5; ${block}`,
        undefined,
      ],
      ["in the instance id and in a block", `UPDATE meta SET value = x'00'; ${block}`, undefined],
    ] as const)("%s", (_name, sql, height) => {
      expect(cure(version, (file) => damage(file, sql))).toBe(height);
    });

    test("on any page", () => {
      using directory = memoryDirectory();
      const file = directory.file("whole.db");
      makeFile(file, version);
      const bytes = readFileSync(file);
      const starts = Array.from({ length: bytes.length / pageBytes }, (_, i) => i * pageBytes);
      const cured = starts.map((start) =>
        cure(version, (path) => writeFileSync(path, Buffer.from(bytes).fill(0xff, start + 100, start + pageBytes))),
      );
      expect(cured.filter((height) => height !== undefined)).not.toEqual([]);
    });

    test("on any leaf of an index: where what stands behind it cannot be found, no cure is named", () => {
      const bytes = withSmallPages(version);
      const starts = Array.from({ length: bytes.length / smallPageBytes }, (_, i) => i * smallPageBytes);
      const leaves = starts.filter((start) => bytes[start] === indexLeaf);
      const cured = leaves.map((start) =>
        cure(version, (path) => writeFileSync(path, Buffer.from(bytes).fill(0xff, start, start + smallPageBytes))),
      );
      expect(leaves.length).toBeGreaterThan(20);
      expect(new Set(cured), "some are of an index that a copy does not need").toEqual(new Set([undefined, 250]));
    });
  },
);

test("the cure that a refused upgrade names works: the height is that of the check, and the rest is proposed again", () => {
  using directory = memoryDirectory();
  const file = directory.file("timestampvm.db");
  makeFile(file, 3);
  damage(file, "UPDATE blocks SET height = height + 1024 WHERE height = 40"); // one bit
  const refusal = refusalOf(() => Array.from(upgradeDatabase(file)));
  const commands = refusal?.code === "database failed" ? [...refusal.cure.matchAll(/`timestampvm db (.+?)`/g)] : [];
  const [check = [], rollback = []] = commands.map(([, words = ""]) => words.split(" "));
  const height = / --to (\d+)\./.exec(db(...check).err)?.[1] ?? "";
  expect(height).toBe("39");
  expect(db(...rollback.map((word) => (word === "HEIGHT" ? height : word)), "--yes")).toMatchObject({ code: 0 });
  expect(needsUpgrade(file)).toBe(false);
  const store = BlockStore.open(file);
  expect([...store.history(0n, 39n)]).toEqual(chain.slice(0, 40));
  expect([...store.proposals.readAll()].map(({ data }) => data)).toEqual([
    ...[...chain.slice(41), ...chain.slice(40, 41)].map(({ data }) => data), // the row of the last one is far above
    bytesOf("waits"),
  ]);
  store.close();
});
