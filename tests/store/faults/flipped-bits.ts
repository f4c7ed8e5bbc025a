import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Block } from "../../../src/core/block.ts";
import { digestOf } from "../../../src/core/digest.ts";
import { BlockStore } from "../../../src/store/block-store.ts";
import { checkDatabase } from "../../../src/store/check/check.ts";
import { bytesOf, chainOn, childOf, genesis, now, peer, spaced } from "../../support/chain.ts";
import { indexDigests } from "../../support/database.ts";
import { refusalOf } from "../../support/refusal.ts";
import { memoryDirectory } from "../../support/temporary.ts";

const large = childOf(genesis, new Uint8Array(30_000)); // on pages of its own
const received = spaced(childOf(large, "as it came ".repeat(1_500)));
const chain = [genesis, large, received, ...chainOn(received, 100)];
const rejected = Array.from({ length: 500 }, (_, i) => childOf(large, `rival ${i}`)); // more than one page of keys
const proposals = Array.from({ length: 5 }, (_, i) => proposalOf(`proposal ${i} `.repeat(400 * i)));

function proposalOf(text: string) {
  const data = bytesOf(text);
  return { digest: digestOf(data), data, bytes: data.length, since: 1_700_000_000n, peer: undefined };
}

const firstSight = { ms: 1_700_000_000_123n, node: peer, isImported: false };
const tree = { root: digestOf(bytesOf("root")), secret: new Uint8Array(32).fill(7), leaves: new Uint8Array(32 * 400) };
const attestation = { height: 2n, pChainHeight: 7n, signatures: new Uint8Array(116).fill(9) };

/** Makes a file that has something in every table. */
function makeFile(file: string): void {
  const store = BlockStore.open(file);
  store.addRecords(chain.map((block) => ({ block, firstSight: block.height > 50n ? firstSight : undefined })));
  store.rejectAll(rejected);
  for (const proposal of proposals) store.proposals.add([proposal]);
  store.trees.add([tree]);
  store.attestations.add([attestation]);
  store.close();
  indexDigests(file, chain.slice(0, 80)); // the others are in memory where it is open
  using db = new Database(file);
  db.run("INSERT INTO leaves (prefix, tree) VALUES (zeroblob(8), 1)"); // what is in the tree
}

/** How many bits are flipped in one region, and in one with interior cells, on which many pages hang. */
export interface Count {
  readonly perRegion: number;
  readonly perInterior: number;
}

/** A stretch of a file. */
interface Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
}

const pageBytes = 8_192;

/** The regions of a database file: https://sqlite.org/fileformat2.html */
function regionsOf(file: Buffer): Region[] {
  const regions: Region[] = [{ name: "file header", start: 0, bytes: 100 }];
  for (let start = 0; start < file.length; start += pageBytes) {
    const header = start === 0 ? 100 : start;
    const headerBytes = headerBytesByType[file[header] ?? 0];
    if (headerBytes === undefined) {
      regions.push({ name: "next overflow page", start, bytes: 4 });
      regions.push({ name: "overflow", start: start + 4, bytes: pageBytes - 4 });
      continue;
    }
    const pointers = header + headerBytes;
    const free = pointers + 2 * file.readUInt16BE(header + 3);
    const cells = start + file.readUInt16BE(header + 5);
    regions.push({ name: "page header", start: header, bytes: headerBytes });
    regions.push({ name: "cell pointers", start: pointers, bytes: free - pointers });
    regions.push({ name: "free space", start: free, bytes: cells - free });
    // Few, and all pages below hang on them.
    const name = headerBytes === 12 ? "interior cells" : "cells";
    regions.push({ name, start: cells, bytes: start + pageBytes - cells });
  }
  return regions.filter(({ bytes }) => bytes > 0);
}

/** Interior and leaf, of an index and of a table. */
const headerBytesByType: Readonly<Record<number, number>> = { 2: 12, 5: 12, 10: 8, 13: 8 };

/** The regions of a write-ahead log. */
function logRegionsOf(log: Buffer): Region[] {
  const regions: Region[] = [{ name: "log header", start: 0, bytes: 32 }];
  for (let start = 32; start < log.length; start += 24 + pageBytes) {
    regions.push({ name: "frame header", start, bytes: 24 }, { name: "frame", start: start + 24, bytes: pageBytes });
  }
  return regions;
}

/** A file for each of some bits of each region, with that bit flipped. */
function* flips(
  whole: Buffer,
  regions: readonly Region[],
  { perRegion, perInterior }: Count,
): Generator<{ readonly bytes: Buffer; readonly at: string }> {
  for (const { name, start, bytes } of regions) {
    const bits = bytes * 8;
    for (let i = 0; i < Math.min(bits, name === "interior cells" ? perInterior : perRegion); i++) {
      const bit = (i * 7_919 + start) % bits;
      const at = start + (bit >> 3);
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
      yield { bytes: flipped, at: `${name}, byte ${at}, bit ${bit & 7}` };
    }
  }
}

/** Runs `work`; it may refuse, in our words alone. */
function tryTo(work: () => void, at: string): boolean {
  const refusal = refusalOf(work);
  if (refusal !== undefined) expect(refusal, at).toMatchObject({ code: "database failed" });
  return refusal === undefined;
}

/**
 * Whatever is read is right, or not there, or refused; in a sound file, all of it is there. Gives whether nothing was
 * refused.
 */
function expectNothingWrong(file: string, at: string, isSound: boolean): boolean {
  let store: BlockStore | undefined;
  const opened = tryTo(() => {
    store = BlockStore.open(file);
  }, at);
  if (store === undefined) return false;
  const results = [opened, ...readAll(store, at, isSound ? [] : [undefined])];
  store.close();
  return results.every((result) => result);
}

/** Whether `db check` finds nothing wrong with a file. It may refuse it. */
function checks(file: string, at: string): boolean {
  let problems = 0;
  const isChecked = tryTo(() => {
    checkDatabase(file, { onProblem: () => problems++, onProgress: () => {} });
  }, at);
  return isChecked && problems === 0;
}

/** `none` is what stands for what is not there, where it may be missing. */
function* readAll(store: BlockStore, at: string, none: readonly undefined[]): Generator<boolean> {
  const isOneOf = <T>(value: T, ...right: readonly T[]) => {
    if (!right.some((one) => Bun.deepEquals(value, one))) expect(right, at).toContainEqual(value);
  };
  yield tryTo(() => isOneOf(store.lastAccepted(), ...chain), at);
  for (const block of chain) {
    yield tryTo(() => isOneOf(store.getBlock(block.id), block, ...none), at);
    yield tryTo(() => isOneOf(store.getIdAtHeight(block.height), block.id, ...none), at);
    yield tryTo(() => isOneOf(store.getDecision(block.id), "accepted", ...none), at);
    yield tryTo(() => isOneOf(store.getBlockAtHeight(block.height), block, ...none), at);
    yield tryTo(() => isOneOf(store.findBlock(digestOf(block.data), 0n), block, ...none), at);
  }
  // An index that lost the last block, or any, gives one before it.
  yield tryTo(() => isOneOf(store.getLastBlockAt(now), ...chain, undefined), at);
  yield tryTo(() => isOneOf(store.getLastBlockAt(now - 1n), genesis, undefined), at);
  for (const height of [103n, 104n, 107n, 111n, 127n, 255n, 256n, 1n << 40n]) {
    yield tryTo(() => isOneOf(store.getIdAtHeight(height), undefined), at);
  }
  for (const { id } of rejected.filter((_, i) => i % 20 === 0))
    yield tryTo(() => isOneOf(store.getDecision(id), "rejected", ...none), at);
  yield tryTo(() => {
    if (none.length === 0) expect(store.proposals.count(), at).toBe(proposals.length);
    for (const { digest, data } of store.proposals.readAll()) {
      isOneOf(digest, ...proposals.map((proposal) => proposal.digest));
      isOneOf(data, ...proposals.map((proposal) => proposal.data));
    }
  }, at);
}

/** How many rows each table has. */
function countsIn(file: string): unknown[][] {
  using db = new Database(file, { readonly: true, safeIntegers: true });
  const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.map(({ name }) => [name, db.query(`SELECT count(*) FROM ${name}`).values()[0]?.[0]]);
}

/** One flipped bit gives a refusal or a missing block, never a wrong answer; db check finds it. */
export function flipInFile(count: Count): void {
  using directory = memoryDirectory();
  const file = join(directory.path, "chain.db");
  makeFile(file);
  expect([checks(file, "whole"), expectNothingWrong(file, "whole", true)]).toEqual([true, true]);
  expect(countsIn(file)).not.toContainEqual([expect.anything(), 0n]);

  const whole = readFileSync(file);
  const regions = regionsOf(whole);
  expect(new Set(regions.map(({ name }) => name)).size).toBe(8);
  let noticed = 0;
  for (const { bytes, at } of flips(whole, regions, count)) {
    writeFileSync(file, bytes);
    if (!expectNothingWrong(file, at, checks(file, at))) noticed++;
  }
  expect(noticed).toBeGreaterThan(regions.length / 2);
}

/** One flipped bit in the write-ahead log is noticed, and all that was written before it is right. */
export function flipInLog(count: Count): void {
  using directory = memoryDirectory();
  const disk = join(directory.path, "disk");
  const whole = join(directory.path, "whole");
  const file = join(disk, "chain.db");
  const store = BlockStore.open(file);
  const [first, second, ...others] = chain as [Block, Block, ...Block[]];
  for (const block of [first, second]) store.accept(block, digestOf(block.data));
  store.checkpoint();
  for (const block of others.slice(0, 5)) store.accept(block, digestOf(block.data));
  store.proposals.add(proposals);
  cpSync(disk, whole, { recursive: true });
  store.close();

  const log = readFileSync(join(whole, "chain.db-wal"));
  for (const { bytes, at } of flips(log, logRegionsOf(log), count)) {
    rmSync(disk, { recursive: true });
    cpSync(whole, disk, { recursive: true });
    writeFileSync(`${file}-wal`, bytes);
    const opened = BlockStore.open(file);
    const { height } = opened.lastAccepted();
    expect(height, at).toBeGreaterThanOrEqual(1n);
    for (const block of chain.slice(0, 7)) {
      expect(opened.getBlock(block.id), at).toEqual(block.height <= height ? block : undefined);
    }
    expect([...opened.proposals.readAll()].length, at).toBe(0);
    opened.close();
  }
}
