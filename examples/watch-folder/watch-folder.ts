import { lstatSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";

// Stamps each file in a folder, and in folders in it, once nothing was written to it for a while.

const quietMs = 2_000;
/** Files that come to rest within it have one stamp. */
const gatherMs = 200;
/** Proofs, old ones that `timestampvm upgrade` keeps, and those that are being written. */
const isProof = /\.ots(\.bak)?(\.unfinished-[0-9a-f]+)?$/;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: bun watch-folder.ts FOLDER");
const timers = new Map<string, Timer>();
/** Files to stamp: all that have come to rest since the last time, and those of the last time if it failed. */
const resting = new Set<string>();
let stamping: Promise<void> = Promise.resolve();

watch(folder, { recursive: true }, (_, name) => waitForRest(join(folder, String(name))));
waitForRest(folder);
process.stdout.write(`watching ${folder}\n`);

/** Waits once more for each event. */
function waitForRest(path: string): void {
  if (isProof.test(path)) return;
  clearTimeout(timers.get(path));
  timers.set(path, setTimeout(rest, quietMs, path));
}

/** A folder may have come with all that is in it. */
function rest(path: string): void {
  timers.delete(path);
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) for (const name of readdirSync(path)) waitForRest(join(path, name));
  if (!status?.isFile()) return;
  resting.add(path);
  stamping = stamping.then(stampResting);
}

async function stampResting(): Promise<void> {
  if (resting.size === 0) return;
  await Bun.sleep(gatherMs);
  const names = [...resting].filter((name) => lstatSync(name, { throwIfNoEntry: false }) !== undefined);
  resting.clear();
  if (names.length === 0) return;
  const stdio = [new Blob(names.map((name) => `${name}\0`)), "inherit", "inherit"] as const;
  const { exited } = Bun.spawn(["timestampvm", "stamp", "--files-from", "-"], { stdio: [...stdio] });
  if ((await exited) !== 0) for (const name of names) resting.add(name);
}
