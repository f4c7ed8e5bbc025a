// A process of its own, whose disk is recorded: a chain that grows while its log is synced and copied by other threads,
// and while another thread reads. `bun recorded-life.ts FILE BLOCKS`

import { statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { defaultConfig } from "../../src/core/config.ts";
import { CheckpointThread } from "../../src/disk/checkpoint-thread.ts";
import { LogDisk } from "../../src/disk/log-disk.ts";
import type { Disk } from "../../src/store/disk.ts";
import { systemClock } from "../../src/vm/clock.ts";
import { openVmAlone } from "../../src/vm/open.ts";
import { proposeSynced } from "../../src/vm/synced.ts";
import { genesisBytes, now, ownNode, submissionsOf } from "../support/chain.ts";
import { markerNote, shownNote, takenNote } from "./notes.ts";
import { openNotes } from "./recorder.ts";

const [file = "", blocks = ""] = process.argv.slice(2);
const note = openNotes();

const worker = (path: string, argv: string[] = []) => new Worker(new URL(path, import.meta.url).href, { argv });
const logDisk = new LogDisk(file, new CheckpointThread(file, () => worker("../../src/disk/checkpoint-worker.ts")));
let checkpoints = 0;
const disk: Disk = {
  syncLog: () => logDisk.syncLog(),
  /** Every other end of a checkpoint is heard late: when there has been one more commit. */
  checkpoint: async () => {
    await logDisk.checkpoint();
    if (checkpoints++ % 2 === 0) await proposeOne();
  },
  close: () => logDisk.close(),
};
const vm = openVmAlone({
  file,
  genesisBytes,
  config: { ...defaultConfig, logLevel: "error" },
  clock: { ...systemClock, now: () => now },
  nodeId: ownNode,
  disk,
  gossip: () => {},
});
vm.setState("normal operation");
worker("../store/reading-thread.ts", [file]);
const propose = proposeSynced(vm);

let proposals = 0;
/** Data of many sizes, so that commits have from a few pages to many. */
async function proposeOne(): Promise<void> {
  const text = `${proposals++}`.padEnd([10, 300, 40, 9_000, 80_000][proposals % 5] ?? 10, ".");
  const [refusal] = await propose(submissionsOf(new TextEncoder().encode(text)));
  if (refusal !== undefined) throw refusal;
  note(takenNote(text));
}

async function decideOne(): Promise<void> {
  const block = vm.verifyBlock(vm.buildBlock().bytes);
  vm.setPreference(block.id);
  await vm.commitPause;
  vm.acceptBlock(block.id);
  note(markerNote(vm.headMarker)); // the node's database has it, as far as that goes
  vm.confirm(block);
}

let shown = 0n;
/** Clients look now and then. */
function look(): void {
  const { height, id } = vm.confirmed.last;
  if (height > shown) note(shownNote(height, id));
  shown = height;
}

/** Begins checkpoints until one has copied all. */
async function emptyLog(): Promise<void> {
  while (statSync(`${file}-wal`).size > 0) {
    vm.setState("normal operation");
    await setImmediate();
    look();
  }
}

for (let height = 1; height <= Number(blocks); height++) {
  const proposed = [proposeOne(), proposeOne()];
  if (height % 3 !== 0) await proposed[0];
  await decideOne();
  look();
  if (height % 4 === 0) vm.setState("normal operation"); // begins a checkpoint
  if (height % 12 === 6) await emptyLog();
  for (let i = 0; i < height % 5; i++) {
    await setImmediate();
    look();
  }
  await Promise.all(proposed);
  look();
}
while (shown < vm.lastAccepted.height) {
  await setImmediate();
  look();
}
process.exit(0);
