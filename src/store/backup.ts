import { statSync } from "node:fs";
import { dirname } from "node:path";
import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";
import { systemProblemOf } from "../avalanche/system-error.ts";
import { formatNumber } from "../core/format.ts";
import type { BlockReader } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import { type CopyProgress, copyChain } from "./copy-chain.ts";
import { FileError } from "./errors.ts";
import { expectNoLogs, makeDatabase } from "./new-database.ts";
import { expectNoFile } from "./new-file.ts";
import { findLackOfRoom } from "./room.ts";

/** The most bytes of the chain's write-ahead log during a backup: four times the size that an idle one keeps. */
export const maxLogBytes = 256 * 1024 * 1024;

/** Where a backup goes. */
export interface BackupTarget {
  /** The file, which must not exist yet. */
  readonly file: string;
  /** Its name until it is whole: `unfinishedNameOf(file)`. */
  readonly unfinished: string;
}

export interface BackupSummary {
  readonly blocks: bigint;
  readonly proposals: number;
  readonly lastAccepted: Id;
}

/** Why there is no backup. */
export interface BackupRefusal {
  readonly code: "no backup";
  readonly file: string;
}

/** A backup failed, and nothing is left of it. */
export class BackupError extends CodedError<BackupRefusal> {
  override readonly name = "BackupError";

  constructor(file: string, problem: string, cause?: unknown) {
    super({ code: "no backup", file }, `no backup was made: ${problem}`, { cause });
  }
}

/**
 * Copies a chain into a new file, readable by this user alone, while the chain goes on: see `copyChain`. No read stays
 * open between steps, so the chain's write-ahead log does not grow. Throws "no backup", or "database failed" if the
 * chain itself is damaged.
 */
export function* backUp(from: BlockReader, target: BackupTarget): Generator<CopyProgress, BackupSummary> {
  const { file } = target;
  const check = () => {
    expectNoFile(file);
    expectNoLogs(file);
  };
  try {
    check();
    expectRoom(dirname(file), Number(from.size()));
    return yield* makeDatabase({ ...target, instanceId: from.readInstanceId(), check }, (to) => copy(from, to));
  } catch (error) {
    throw translated(error, from, target);
  }
}

function expectRoom(directory: string, bytes: number): void {
  const lack = findLackOfRoom(directory, bytes);
  if (lack === undefined) return;
  const { needed, free } = lack;
  throw new Error(`it needs ${formatNumber(needed)} free bytes in ${directory}, and there are ${formatNumber(free)}`);
}

function* copy(from: BlockReader, to: BlockStore): Generator<CopyProgress, BackupSummary> {
  for (const progress of copyChain(from, to)) {
    yield progress;
    expectShortLog(from.file);
  }
  const { id: lastAccepted, height } = to.lastAccepted();
  return { blocks: height + 1n, proposals: to.proposals.count(), lastAccepted };
}

function expectShortLog(file: string): void {
  const bytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > maxLogBytes) {
    throw new Error(`the write-ahead log of ${file} has grown to ${bytes} bytes, more than ${maxLogBytes}`);
  }
}

/** Keeps an error about the chain's own file. Any other error becomes a `BackupError`. */
function translated(error: unknown, from: BlockReader, { file }: BackupTarget): unknown {
  if (!(error instanceof FileError)) return new BackupError(file, problemOf(error, file), error);
  const { refusal } = error;
  if (refusal.file === from.file) return error;
  const problem = refusal.code === "database failed" ? `${file}: ${refusal.problem}` : error.message;
  return new BackupError(file, problem, error);
}

/** If the system refused, names the user who writes the file, who may not be the one who asked. */
function problemOf(error: unknown, file: string): string {
  const problem = systemProblemOf(error);
  if (problem === undefined) return messageOf(error);
  const isAboutUser = /^E(ACCES|PERM|ROFS|NOENT|NOTDIR)$/.test(codeOf(error));
  return `${file}: ${problem}${isAboutUser ? `; it is written by user ${process.getuid?.()}` : ""}`;
}
