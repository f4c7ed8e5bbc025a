import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BlockStore } from "../../src/store/block-store.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { Random } from "../simulation/random.ts";
import { startVm } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { addNote, nothingSaid, type Said } from "./notes.ts";
import { CutDisk, type Loss, losses } from "./power-cuts.ts";
import { noRecorder, Recorder, type Step } from "./recorder.ts";

// A chain is led by a process whose writes and syncs are recorded. Then the power is cut between any two of them, and
// what is left is opened, beside each past of the node's database.

const databaseName = "timestampvm.db";
const blocks = runs(24, 120);
/** A short run cuts at one of so many steps. */
const stride = runs(11, 1);

/** What is left of the node's database: it syncs each write (pebbledb), or may lose its end (leveldb), or is not there. */
const nodeDatabases = ["pebbledb", "leveldb", "none"] as const;

describe.skipIf(noRecorder !== undefined)("a power cut", () => {
  const directory = temporaryDirectory();
  let steps: readonly Step[] = [];

  beforeAll(async () => {
    const disk = directory.file("disk");
    mkdirSync(disk);
    const recorder = new Recorder(directory.path, disk);
    const life = Bun.spawn(
      [process.execPath, join(import.meta.dir, "recorded-life.ts"), join(disk, databaseName), `${blocks}`],
      { env: { ...process.env, ...recorder.environment }, stdout: "inherit", stderr: "inherit" },
    );
    expect(await life.exited).toBe(0);
    steps = recorder.steps();
  });

  afterAll(() => directory[Symbol.dispose]());

  test("has all that matters to cut: syncs and checkpoints elsewhere, and logs that begin anew", () => {
    const count = (kind: Step["kind"], end: string) =>
      steps.filter((step) => step.kind === kind && step.name === databaseName + end && step.thread > 0).length;
    expect(count("sync ends", "-wal")).toBeGreaterThan(blocks / 2);
    expect(count("sync ends", "")).toBeGreaterThan(0);
    const emptied = steps.filter(({ kind, name, at }) => kind === "truncate" && name.endsWith("-wal") && at === 0);
    expect(emptied.length).toBeGreaterThan(1);
  });

  test("finds no log that was written over an old one, unless its header was synced first", () => {
    const ofLog = steps.filter((step) => step.name.endsWith("-wal"));
    let length = 0;
    ofLog.forEach(({ kind, thread, at, data }, index) => {
      if (kind === "truncate") length = at;
      if (kind !== "write") return;
      // Its old commits could be taken for new ones.
      const next = ofLog.slice(index + 1).find((step) => step.thread === thread);
      if (at === 0 && length > 0) expect(next?.kind).toBe("sync begins");
      length = Math.max(length, at + data.length);
    });
    expect(length).toBeGreaterThan(0);
  });

  test.each(losses)("that takes of unsynced writes: %s, loses nothing that anybody was told", (loss) => {
    const random = new Random(losses.indexOf(loss) + 1);
    const cutDisk = new CutDisk();
    using place = memoryDirectory();
    let said = nothingSaid;
    let cuts = 0;
    steps.forEach((step, index) => {
      if (step.kind === "note") said = addNote(said, new TextDecoder().decode(step.data));
      else cutDisk.add(step);
      if (index % stride !== 0 || said.markers.length === 0) return;
      checkCut(join(place.path, `${cuts++}`), { cutDisk, loss, said, random });
    });
    expect(cuts).toBeGreaterThan(20);
  });
});

interface Cut {
  readonly cutDisk: CutDisk;
  readonly loss: Loss;
  readonly said: Said;
  readonly random: Random;
}

function checkCut(path: string, { cutDisk, loss, said, random }: Cut): void {
  for (const nodeDatabase of nodeDatabases) {
    mkdirSync(path);
    const file = join(path, databaseName);
    for (const end of ["", "-wal"]) writeFileSync(file + end, cutDisk.contents(databaseName + end, loss, random));
    const last = said.markers.at(-1);
    const marker = nodeDatabase === "leveldb" ? random.pick(said.markers) : last;
    const { vm } = startVm({ file, marker: nodeDatabase === "none" ? headOf(file) : marker });
    if (nodeDatabase !== "leveldb" && said.shown !== undefined) {
      expect(vm.confirmed.getBlock(said.shown.id)?.height).toBe(said.shown.height);
    }
    expectAllThere(vm, said);
    vm.close();
    expectSound(file);
    rmSync(path, { recursive: true });
  }
}

function expectSound(file: string): void {
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
}

/** Without a node's database, nothing is behind the file. */
function headOf(file: string): HeadMarker {
  const store = BlockStore.open(file);
  const { id, height } = store.lastAccepted();
  const marker = { instanceId: store.instanceId, height, id };
  store.close();
  return marker;
}

/** What was acknowledged is in a block, or waits for one; what was shown is in a block, or waits again. */
function expectAllThere(vm: Vm, { taken, shown }: Said): void {
  vm.checkHealth();
  const onChain = [...vm.confirmed.blocksFrom(0n, "ascending")].map(({ data }) => new TextDecoder().decode(data));
  const waiting: string[] = [];
  while (vm.status().mempool.items > 0) {
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(block.id);
    vm.acceptBlock(block.id);
    vm.confirm(block);
    waiting.push(new TextDecoder().decode(block.data));
  }
  const found = new Set([...onChain, ...waiting]);
  expect(taken.filter((text) => !found.has(text))).toEqual([]);
  expect(onChain.length + waiting.length).toBeGreaterThan(Number(shown?.height ?? 0n));
}
