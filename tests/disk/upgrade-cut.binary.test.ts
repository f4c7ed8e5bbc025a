import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { upgradeDatabase } from "../../src/store/upgrade.ts";
import { Random } from "../simulation/random.ts";
import { bytesOf, chainOn, childOf, genesis, peer } from "../support/chain.ts";
import { makeOldFile } from "../support/old-file.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { CutDirectory } from "./cut-directory.ts";
import { losses } from "./power-cuts.ts";
import { noRecorder, Recorder, type Step } from "./recorder.ts";

// An upgrade whose writes, syncs, removals and renamings are recorded. Then the process is killed, or the power cut,
// between any two of them, and what is left is upgraded again, and must be whole.

const databaseName = "timestampvm.db";
/** A short run ends at one of so many steps. */
const stride = runs(11, 1);

const chain = [genesis, ...chainOn(genesis, 120)];
chain.push(childOf(chain.at(-1) ?? genesis, new Uint8Array(100_000).fill(1)));
const rejected = chain.slice(1, 40).map((block) => childOf(block, "rival"));
const waiting = ["waits", "block 3 on 0"].map(bytesOf);
const gossiped = [{ data: new Uint8Array(20_000), peer }];

/** The old file as a killed process leaves it: the end of it is in the log alone. */
function makeKilledFile(file: string, directory: ReturnType<typeof temporaryDirectory>): void {
  const running = directory.file("running.db");
  makeOldFile(running, 3, { accepted: chain, rejected, waiting, gossiped });
  using db = new Database(running);
  db.run("UPDATE mempool SET since = since + 1");
  for (const end of ["", "-wal"]) copyFileSync(running + end, file + end);
}

describe.skipIf(noRecorder !== undefined)("an upgrade", () => {
  const directory = temporaryDirectory();
  const before = new Map<string, Uint8Array>();
  let steps: readonly Step[] = [];

  beforeAll(async () => {
    const disk = directory.file("disk");
    mkdirSync(disk);
    makeKilledFile(join(disk, databaseName), directory);
    for (const name of readdirSync(disk)) before.set(name, new Uint8Array(readFileSync(join(disk, name))));
    const recorder = new Recorder(directory.path, disk);
    const script = join(import.meta.dir, "recorded-upgrade.ts");
    const upgrade = Bun.spawn([process.execPath, script, join(disk, databaseName)], {
      env: { ...process.env, ...recorder.environment },
      stdio: ["ignore", "inherit", "inherit"],
    });
    expect(await upgrade.exited).toBe(0);
    steps = recorder.steps();
  });

  afterAll(() => directory[Symbol.dispose]());

  test("removes the old log from the disk before the new file gets the name, and syncs that too", () => {
    const at = (kind: Step["kind"], name: string) =>
      steps.findLastIndex((step) => step.kind === kind && step.name === name);
    const renamed = at("rename", `${databaseName}.upgrade`);
    const syncs = steps.flatMap(({ kind, name }, i) => (kind === "sync ends" && name === "" ? [i] : []));
    expect(before.get(`${databaseName}-wal`)?.length).toBeGreaterThan(0);
    for (const removed of [at("unlink", `${databaseName}-wal`), at("unlink", `${databaseName}-journal`)]) {
      expect(removed).toBeGreaterThan(0);
      expect(syncs.some((sync) => sync > removed && sync < renamed)).toBe(true);
    }
    expect(at("sync ends", `${databaseName}.upgrade`)).toBeGreaterThan(at("write", `${databaseName}.upgrade`));
    expect(syncs.some((sync) => sync > renamed)).toBe(true);
  });

  test.each(losses)("that a power cut ends, with the loss of %s that was not synced, is begun again", (loss) => {
    const random = new Random(losses.indexOf(loss) + 1);
    let ends = 0;
    for (const { cut, isNear } of cuts()) {
      const draws = isNear && loss === "some" ? 3 : 1;
      for (let draw = 0; draw < draws; draw++) expectWhole(cut.contents(loss, random), `${loss} ${ends++}`);
    }
    expect(ends).toBeGreaterThan(20);
  });

  test("whose process is killed is begun again", () => {
    const random = new Random(9);
    let ends = 0;
    for (const { cut } of cuts()) {
      expectWhole(new Map([...cut.seen].map(([name, file]) => [name, file.contents("none", random)])), `${ends++}`);
    }
    expect(ends).toBeGreaterThan(20);
  });

  /** The disk between steps: at one of `stride`, and at each near the renaming. */
  function* cuts() {
    const cut = new CutDirectory(before);
    const renamed = steps.findIndex(({ kind }) => kind === "rename");
    for (const [index, step] of steps.entries()) {
      cut.add(step);
      const isNear = index > renamed - 30;
      if (index % stride === 0 || isNear) yield { cut, isNear };
    }
  }
});

/** Starts again with these files. */
function expectWhole(files: ReadonlyMap<string, Uint8Array>, what: string): void {
  using place = memoryDirectory();
  for (const [name, bytes] of files) writeFileSync(join(place.path, name), bytes);
  const file = join(place.path, databaseName);
  if (needsUpgrade(file)) for (const _ of upgradeDatabase(file));
  const store = BlockStore.open(file);
  expect([...store.history(0n, store.lastHeight() ?? -1n)], what).toEqual(chain);
  expect(store.getRejected(undefined, 1_000), what).toHaveLength(rejected.length);
  const proposals = [...store.proposals.readAll()];
  expect(
    proposals.map(({ data }) => data),
    what,
  ).toEqual([...waiting, ...gossiped.map(({ data }) => data)]);
  expect(new Set(proposals.map(({ since }) => since)), what).toEqual(new Set([1_700_000_001n]));
  const lastData = chain.at(-1)?.data ?? genesis.data;
  expect(store.findBlock(digestOf(lastData), 0n), what).toEqual(chain.at(-1));
  store.close();
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values(), what).toEqual([["ok"]]);
  expect(existsSync(`${file}.upgrade`), what).toBe(false);
}
