import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import type { Id } from "../../src/avalanche/id.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { type CheckSummary, checkDatabase } from "../../src/store/check/check.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const pageBytes = 8_192;
const chain = [genesis, ...chainOn(genesis, 2_100)];

let directory: ReturnType<typeof temporaryDirectory>;
let whole = "";
let bytes: Buffer;
beforeAll(() => {
  directory = temporaryDirectory();
  whole = directory.file("whole.db");
  const store = BlockStore.open(whole);
  store.acceptAll(chain);
  for (const _ of store.indexDigests());
  store.close();
  bytes = readFileSync(whole);
});
afterAll(() => directory[Symbol.dispose]());

interface Checked extends CheckSummary {
  readonly found: readonly string[];
}

/** Checks the file after `change`. */
function check(change: (file: string) => void): Checked {
  const file = directory.file("changed.db");
  copyFileSync(whole, file);
  change(file);
  const found: string[] = [];
  return { ...checkDatabase(file, { onProblem: (problem) => found.push(problem), onProgress: () => {} }), found };
}

const idAt = (height: number) => (chain[height] ?? genesis).id;

/** Where the pages begin in which these bytes are. */
function pagesWith(wanted: Uint8Array): number[] {
  const starts = Array.from({ length: bytes.length / pageBytes }, (_, i) => i * pageBytes);
  return starts.filter((start) => bytes.subarray(start, start + pageBytes).includes(Buffer.from(wanted)));
}

const withBytes = (change: (all: Buffer) => void) => (file: string) => {
  const all = Buffer.from(bytes);
  change(all);
  writeFileSync(file, all);
};

const withSql = (sql: string) => (file: string) => {
  using db = new Database(file);
  db.run(sql);
};

describe("of a chain on many pages, the check", () => {
  test("finds nothing when all is whole", () => {
    expect(check(() => {})).toMatchObject({ found: [], accepted: chain.length, lastAccepted: { height: 2_100n } });
  });

  test("reads every block except those on the damaged page, and names these", () => {
    let [lost, pages] = [0, 0];
    for (let start = pageBytes; start < bytes.length; start += pageBytes) {
      const { found, accepted } = check(withBytes((all) => all.fill(0xff, start, start + pageBytes)));
      expect(found, `${start}`).not.toEqual([]);
      const missing = chain.length - accepted;
      if (missing === 0 || missing === chain.length) continue;
      const ranges = found.flatMap((problem) => [
        ...problem.matchAll(/^what is at heights (\d+) to (\d+) cannot be read/g),
      ]);
      expect(
        ranges.map(([, from, to]) => Number(to) - Number(from) + 1),
        `${start}`,
      ).toEqual([missing]);
      lost += missing;
      pages++;
    }
    expect(pages).toBeGreaterThan(10);
    expect(lost, "each block is on one page").toBe(chain.length);
  });

  test("misses few blocks beside one whose height has a flipped bit, and goes on after it", () => {
    const key = bytes.indexOf(blockKey(idAt(1_000)));
    const height = key - 10; // before the key stand its own type and those of seven other columns
    expect(bytes.readUInt16BE(height), "1,000 in the file's numbers").toBe(0x8768);
    for (let bit = 0; bit < 16; bit++) {
      const at = height + (bit >> 3);
      const { found, accepted, lastAccepted } = check(
        withBytes((all) => {
          all[at] = (all[at] ?? 0) ^ (1 << (bit & 7));
        }),
      );
      expect(found, `${bit}`).toContainEqual(
        expect.stringMatching(/^no block is accepted at height(s 1000 to)? 100\d$/),
      );
      expect(accepted, `${bit}`).toBeGreaterThan(chain.length - 8);
      expect(lastAccepted?.id, `${bit}`).toBe(idAt(2_100));
    }
  });

  test("goes on after a hole of any size, in a time that the size of the file bounds", () => {
    const { found, accepted, lastAccepted, cureHeight } = check(
      withSql(`UPDATE blocks SET height = ${2n ** 62n} - height WHERE height IN (1500, 2000)`),
    );
    expect([accepted, lastAccepted?.height, cureHeight]).toEqual([chain.length, 2n ** 62n - 1_500n, 1_499n]);
    const remade = (id: Id, height: bigint) =>
      `block ${id} at height ${height} cannot be restored without the block below`;
    expect(found).toEqual([
      "no block is accepted at height 1500",
      remade(idAt(1_501), 1_501n),
      "no block is accepted at height 2000",
      remade(idAt(2_001), 2_001n),
      `no block is accepted at heights 2101 to ${2n ** 62n - 2_001n}`,
      remade(idAt(2_000), 2n ** 62n - 2_000n),
      `no block is accepted at heights ${2n ** 62n - 1_999n} to ${2n ** 62n - 1_501n}`,
      remade(idAt(1_500), 2n ** 62n - 1_500n),
      "the index of digests has entries of missing blocks: 2",
    ]);
  });

  test("reads what a killed take-over left, far above height 0", () => {
    const {
      found,
      accepted,
      genesis: first,
    } = check(
      withSql("DELETE FROM blocks WHERE height = 0; UPDATE blocks SET height = height + 100000000000 WHERE height > 0"),
    );
    expect([accepted, first]).toEqual([2_100, undefined]);
    expect(found[0]).toBe("no block is accepted at heights 0 to 100000000000");
  });

  test("reads the blocks before a damaged last page, and finds the last height in the index of ids", () => {
    const start = pagesWith(blockKey(idAt(2_100)))[0] ?? 0;
    const { found, lastAccepted } = check(withBytes((all) => all.fill(0xff, start, start + pageBytes)));
    const range = /^what is at heights (\d+) to 2100 cannot be read/.exec(
      found.find((one) => one.startsWith("what is")) ?? "",
    );
    expect(lastAccepted?.height).toBe(BigInt(range?.[1] ?? 0) - 1n);
  });

  test("reports damage whose end is not known", () => {
    const start = pagesWith(blockKey(idAt(2_100)))[0] ?? 0;
    const indexPage = pagesWith(blockKey(idAt(2_100)).subarray(2, 10)).find((page) => page !== start) ?? 0;
    const { found, lastAccepted } = check(
      withBytes((all) => {
        for (const at of [start, indexPage]) all.fill(0xff, at, at + pageBytes);
      }),
    );
    const last = lastAccepted?.height ?? 0n;
    expect(last).toBeGreaterThan(1_900n);
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^what is at height ${last + 1n} and what follows cannot be read: `)),
    );
  });

  test("counts the attestations, which may be of 10,000 blocks at most", () => {
    const attest = (count: number) =>
      withSql(`
        WITH RECURSIVE heights (height) AS (SELECT 0 UNION ALL SELECT height + 1 FROM heights WHERE height < ${count - 1})
        INSERT INTO attestations SELECT height, 0, zeroblob(116) FROM heights
      `);
    const isOfNoBlock = /^the attestation of height \d+ is damaged: there is no such block$/;
    const others = (count: number) => check(attest(count)).found.filter((problem) => !isOfNoBlock.test(problem));
    expect(others(10_000)).toEqual([]);
    expect(others(10_001)).toEqual(["there are 10001 attestations, more than 10000"]);
  });

  test("reports once that a page of the index of digests cannot be read", () => {
    const prefix = Buffer.from(digestOf((chain[7] ?? genesis).data).slice(0, 16), "hex");
    const start = pagesWith(prefix)[0] ?? 0;
    const { found, accepted } = check(withBytes((all) => all.fill(0xff, start, start + pageBytes)));
    expect(accepted).toBe(chain.length);
    expect(
      found.filter((problem) => /^the index of digests cannot be read for [\d,]+ blocks: /.test(problem)),
    ).toHaveLength(1);
  });
});
