import { closeSync, existsSync, rmSync } from "node:fs";
import { BlockStore } from "./block-store.ts";
import { privateFileMode } from "./database.ts";
import { createFile, finish, sync } from "./new-file.ts";

/**
 * Makes a database under the name `unfinished`, and fills it by `fill`. When all of it is on the disk, runs `check`,
 * and renames it to `file`. If anything throws, nothing is left.
 */
export function makeDatabase<Step, Made>(
  { file, unfinished, instanceId, check }: NewDatabase,
  fill: (store: BlockStore) => Generator<Step, Made>,
): Generator<Step, Made> {
  const finishAs = () => {
    check();
    finish(unfinished, file);
  };
  return makeDatabaseAs({ unfinished, instanceId, finish: finishAs }, fill);
}

/** The same, but calls `finish`, which must rename it, when all of it is on the disk. */
export function* makeDatabaseAs<Step, Made>(
  { unfinished, instanceId, finish }: UnnamedDatabase,
  fill: (store: BlockStore) => Generator<Step, Made>,
): Generator<Step, Made> {
  closeSync(createFile(unfinished, privateFileMode)); // SQLite would make it readable for everybody
  try {
    const store = BlockStore.open(unfinished, instanceId);
    let made: Made;
    try {
      store.setDurability("none"); // one sync at the end is enough
      made = yield* fill(store);
      store.checkpoint(); // throws if the disk is full; a close would not
    } finally {
      store.close();
    }
    sync(unfinished);
    finish();
    return made;
  } finally {
    for (const path of filesOf(unfinished)) rmSync(path, { force: true });
  }
}

/** A database that is to be made. */
export interface NewDatabase {
  /** Its final name. */
  readonly file: string;
  /** Its name until it is whole: `unfinishedNameOf(file)`. */
  readonly unfinished: string;
  /** 16 bytes. */
  readonly instanceId: Uint8Array;
  /** Throws if the database must not get its final name. */
  readonly check: () => void;
}

/** A database that is to be made, and that `finish` renames. */
export interface UnnamedDatabase extends Pick<NewDatabase, "unfinished" | "instanceId"> {
  readonly finish: () => void;
}

/** All files that an unfinished database may have. */
export function filesOf(unfinished: string): readonly string[] {
  return [unfinished, ...logsOf(unfinished)];
}

/** Throws EEXIST if there is a file that SQLite would read as the log of a new database of this name. */
export function expectNoLogs(file: string): void {
  const log = logsOf(file).find((path) => existsSync(path));
  if (log === undefined) return;
  const problem = `${log}: it belongs to a database that was here; move it away first`;
  throw Object.assign(new Error(problem), { code: "EEXIST" });
}

function logsOf(file: string): readonly string[] {
  return [`${file}-wal`, `${file}-journal`];
}
