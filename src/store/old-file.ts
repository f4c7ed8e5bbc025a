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

/** What is behind the name of a database while it is made anew. It is fixed: what a killed process left is found. */
const upgradeSuffix = ".upgrade";

/** A database file of an older schema, open for this process alone. */
export interface OldFile {
  readonly reader: BlockReader;
  /** Its schema, and what it is read by. */
  readonly version: number;
  readonly db: Database;
  readonly bytes: bigint;
}

/** The first step of an upgrade: which file is about to be copied, of which schema, and how many blocks it has. */
export interface UpgradeBegin extends CopyProgress {
  readonly file: string;
  readonly fromSchema: number;
}

/** How far an upgrade is. */
export type UpgradeStep = UpgradeBegin | CopyProgress;

/** How a file was made anew. */
export interface Replaced<Made> {
  readonly made: Made;
  /** Of the new file. */
  readonly bytes: bigint;
}

/** Whether there is a database of an older schema. Does not wait for a process that has it open. */
export function needsUpgrade(file: string): boolean {
  const version = translating(file, () => readHeaderVersion(file));
  return version !== undefined && version > 0 && version < schemaVersion;
}

/**
 * Makes a database file of an older schema anew: `fill` fills a new one beside it, with the same instance id, owner and
 * mode, which takes its place when all of it is on the disk. Whenever the process or the machine ends, the old file or
 * the new one is there as a whole. The first step is an `UpgradeBegin`. Throws "database in use", or "database failed":
 * where the disk has too little room, the old file is damaged, or it would get another owner. It stays as it is then.
 */
export function* replaceOld<Made>(
  file: string,
  fill: (old: OldFile, store: BlockStore) => Generator<CopyProgress, Made>,
): Generator<UpgradeStep, Replaced<Made>> {
  try {
    const place = realpathSync(file); // beside a link, the new file could be on another disk
    const db = openForReading(place);
    try {
      return yield* replace(openOld(place, db), function* (old, store) {
        yield beginOf(file, old);
        return yield* fill(old, store);
      });
    } finally {
      db.close(); // keeps everybody out until the new file is in its place
    }
  } catch (error) {
    throw curedAsOld(file, translated(file, error));
  }
}

function openOld(file: string, db: Database): OldFile {
  const version = schemaVersionOf(db);
  if (version === schemaVersion) throw new FileError({ code: "database in use", file }); // by who has just upgraded it
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

/** Removes a file, or a link itself; throws EISDIR or EPERM for a directory. A missing one does not matter. */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

/**
 * The new file is smaller: it has fewer columns and indexes, and half of each canonical block. Only one of blocks in
 * other forms, of some 4 KiB each, can be larger, by half: where the disk is full then, the old one stays.
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
 * Who may read and write the old file may do so with the new one, and nobody else. A command may be run by another
 * user: root may give a file away; one who is only in the group may not, and would take the file from the node.
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

/** The rights of a group, which would be those of another one. */
const groupBits = 0o070;

/** A user may give a file of its own to a group that it is in. */
function chownIfPermitted(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if (!mayNotGive.test(codeOf(error))) throw error;
  }
}

/** EINVAL: a user namespace has no such user. */
const mayNotGive = /^(EPERM|EINVAL|ENOSYS|ENOTSUP|EOPNOTSUPP)$/;

/**
 * Puts the new file into the place of the old one. No log of the old one may be left then: SQLite would read it as one
 * of the new file. So its log is removed first, also from the disk.
 */
function takePlace(old: Database, unfinished: string, file: string): void {
  endLog(old, file);
  remove(`${file}-wal`); // SQLite does not say when it cannot
  expectNoLogs(file);
  sync(dirname(file));
  replaceFile(unfinished, file);
}
