import type { Database } from "bun:sqlite";
import { chmodSync, chownSync, lstatSync, realpathSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../avalanche/coded-error.ts";
import { formatNumber } from "../core/format.ts";
import { BlockReader } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import type { CopyProgress } from "./copy-chain.ts";
import { endLog, openForReading, readHeaderVersion, schemaVersionOf } from "./database.ts";
import { FileError } from "./errors.ts";
import { curedAsOld, databaseFailed, translated, translating } from "./failures.ts";
import { expectNoLogs, filesOf, makeDatabaseAs } from "./new-database.ts";
import { replaceFile, sync } from "./new-file.ts";
import { findLackOfRoom } from "./room.ts";
import { schemaVersion } from "./schema.ts";

/** Added to the name of an unfinished upgrade. It is fixed, so that the next start finds what a killed one left. */
const upgradeSuffix = ".upgrade";

/** A database file of an older schema, open for this process alone. */
export interface OldFile {
  readonly reader: BlockReader;
  /** Its schema. */
  readonly version: number;
  readonly db: Database;
  readonly bytes: bigint;
}

/** The first step of an upgrade: the file, its schema, and its number of blocks. */
export interface UpgradeBegin extends CopyProgress {
  readonly file: string;
  readonly fromSchema: number;
}

/** A step of an upgrade. */
export type UpgradeStep = UpgradeBegin | CopyProgress;

/** The result of a replaced file. */
export interface Replaced<Made> {
  readonly made: Made;
  /** Size of the new file. */
  readonly bytes: bigint;
}

/** Whether the file is a database of an older schema. Takes no lock, and so never waits. */
export function needsUpgrade(file: string): boolean {
  const version = translating(file, () => readHeaderVersion(file));
  return version !== undefined && version > 0 && version < schemaVersion;
}

/**
 * Replaces a database file of an older schema. `fill` fills a new file beside it, with the same instance id, owner and
 * mode, which takes its place when all of it is on the disk. After any crash, either the old file or the new one is
 * there as a whole. The first step is an `UpgradeBegin`. Throws "database in use", or "database failed" if the disk has
 * too little room, the old file is damaged, or the new one would get another owner. The old file stays then.
 */
export function* replaceOld<Made>(
  file: string,
  fill: (old: OldFile, store: BlockStore) => Generator<CopyProgress, Made>,
): Generator<UpgradeStep, Replaced<Made>> {
  try {
    const place = realpathSync(file); // the new file must be on the same disk, so beside the file, not beside a link
    const db = openForReading(place);
    try {
      return yield* replace(openOld(place, db), function* (old, store) {
        yield beginOf(file, old);
        return yield* fill(old, store);
      });
    } finally {
      db.close(); // until here, its lock keeps others out
    }
  } catch (error) {
    throw curedAsOld(file, translated(file, error));
  }
}

function openOld(file: string, db: Database): OldFile {
  const version = schemaVersionOf(db);
  if (version === schemaVersion) throw new FileError({ code: "database in use", file }); // another process upgraded it
  const reader = new BlockReader(file, db);
  return { reader, db, version, bytes: reader.size() };
}

function beginOf(file: string, { reader, version }: OldFile): UpgradeBegin {
  return { file, fromSchema: version, blocks: 0n, total: (reader.lastHeight() ?? -1n) + 1n };
}

function* replace<Step, Made>(
  old: OldFile,
  fill: (old: OldFile, store: BlockStore) => Generator<Step, Made>,
): Generator<Step, Replaced<Made>> {
  const { reader, db } = old;
  const { file } = reader;
  const unfinished = `${file}${upgradeSuffix}`;
  for (const path of filesOf(unfinished)) remove(path); // what a killed process left
  expectRoom(old);
  let bytes = 0n;
  const finish = () => {
    bytes = statSync(unfinished, { bigint: true }).size;
    takePlace(db, unfinished, file);
  };
  const making = { unfinished, instanceId: reader.readInstanceId(), finish };
  const made = yield* makeDatabaseAs(making, function* (store) {
    takeOwner(file, unfinished);
    return yield* fill(old, store);
  });
  return { made, bytes };
}

/** Removes a file or a link, if there is one. Throws EISDIR or EPERM for a directory. */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

/**
 * Throws unless the disk has room for another file of the same size. The new file is mostly smaller: it has fewer
 * columns and indexes, and half of each canonical block. With blocks of some 4 KiB in other forms, it can be larger by
 * half; if that fills the disk, the upgrade fails and the old file stays.
 */
function expectRoom({ reader, bytes }: OldFile): void {
  const lack = findLackOfRoom(dirname(reader.file), Number(bytes));
  if (lack === undefined) return;
  const { needed, free } = lack;
  const problem =
    `its upgrade to schema ${schemaVersion} needs ${formatNumber(needed)} free bytes beside it, ` +
    `and there are ${formatNumber(free)}`;
  throw databaseFailed(reader.file, problem, "nothing was changed: free some disk space and start again");
}

/**
 * Gives the new file the owner, group and rights of the old one. The user who runs a command may not be the owner. Root
 * may give a file away. A user who is only in the group may not: the node would lose its file, so this throws.
 */
function takeOwner(file: string, unfinished: string): void {
  const { uid, gid, mode } = statSync(file);
  chownIfPermitted(unfinished, uid, gid);
  const made = statSync(unfinished);
  if (made.uid !== uid) {
    const problem = "it belongs to another user, and the upgraded file would belong to this one";
    throw databaseFailed(file, problem, "run this as the owner of the file, the user who runs the node");
  }
  chmodSync(unfinished, made.gid === gid ? mode : mode & ~groupBits);
}

/** The rights of a group. They are dropped if the new file has another group. */
const groupBits = 0o070;

/** Ignores a refusal: users may only give their files to groups that they are in. */
function chownIfPermitted(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if (!mayNotGive.test(codeOf(error))) throw error;
  }
}

/** EINVAL: the user namespace has no such user. */
const mayNotGive = /^(EPERM|EINVAL|ENOSYS|ENOTSUP|EOPNOTSUPP)$/;

/**
 * Puts the new file in the place of the old one. First it removes the old file's log, and syncs that removal: SQLite
 * would read it as the log of the new file.
 */
function takePlace(old: Database, unfinished: string, file: string): void {
  endLog(old, file);
  remove(`${file}-wal`); // SQLite may fail to remove it without an error
  expectNoLogs(file);
  sync(dirname(file));
  replaceFile(unfinished, file);
}
