import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";
import type { BlockReader, BlockRecord, RejectedBlock } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import { FileError } from "./errors.ts";
import { expectNoLogs, makeDatabase } from "./new-database.ts";
import { expectNoFile } from "./new-file.ts";
import type { StoredProposal } from "./proposal-table.ts";

/** What one commit of the backup holds at most: a few tens of milliseconds of work. */
const maxSliceRows = 500;
const maxSliceBytes = 4 * 1024 * 1024;
/** Bytes of the disk that must stay free beside a backup, for the chain itself. */
export const spareBytes = 64 * 1024 * 1024;
/** Bytes that the write-ahead log of the chain may have while a backup is made: four times what it keeps idle. */
export const maxLogBytes = 256 * 1024 * 1024;

/** Where a backup goes. */
export interface BackupTarget {
  /** The file, which must not be there yet. */
  readonly file: string;
  /** The name that it has until it is whole: `unfinishedNameOf(file)`. */
  readonly unfinished: string;
}

/** How many blocks are copied, and of how many. */
export interface BackupProgress {
  readonly blocks: bigint;
  readonly total: bigint;
}

/** What is in a backup. */
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

/** A backup was given up, and nothing is left of it. */
export class BackupError extends CodedError<BackupRefusal> {
  override readonly name = "BackupError";

  constructor(file: string, problem: string, cause?: unknown) {
    super({ code: "no backup", file }, `no backup was made: ${problem}`, { cause });
  }
}

/**
 * Copies a chain into a new file of this user alone, while the chain goes on: its blocks, each verified, and all that
 * waits. Reads and writes a slice at a time, and yields after each; what it reads is free again then, so the chain's
 * write-ahead log does not grow for it. Throws "no backup", or "database failed" when the chain itself is damaged.
 */
export function* backUp(from: BlockReader, target: BackupTarget): Generator<BackupProgress, BackupSummary> {
  const { file } = target;
  const check = () => {
    expectNoFile(file);
    expectNoLogs(file);
  };
  try {
    check();
    expectRoom(dirname(file), Number(from.size()) + spareBytes);
    return yield* makeDatabase({ ...target, instanceId: from.readInstanceId(), check }, (to) => copy(from, to));
  } catch (error) {
    throw translated(error, from, target);
  }
}

/**
 * What waits when the copying of proposals begins is in the backup, waiting or in a block: blocks that were accepted
 * meanwhile come after the proposals, and take out what they carry, as they did in the chain.
 */
function* copy(from: BlockReader, to: BlockStore): Generator<BackupProgress, BackupSummary> {
  const { height: head } = from.lastAccepted();
  yield* copyBlocks(from, to, 0n, head);
  copyRejected(from, to);
  copyProposals(from, to);
  yield* copyBlocks(from, to, head + 1n, from.lastAccepted().height);
  for (const _ of to.indexDigests()) yield { blocks: head + 1n, total: head + 1n };
  const { id: lastAccepted, height } = to.lastAccepted();
  return { blocks: height + 1n, proposals: to.proposals.count(), lastAccepted };
}

function* copyBlocks(from: BlockReader, to: BlockStore, first: bigint, last: bigint): Generator<BackupProgress, void> {
  let slice: BlockRecord[] = [];
  let bytes = 0;
  for (const record of from.records(first, last)) {
    const { block } = record;
    slice.push(record);
    bytes += block.bytes.length;
    if (slice.length < maxSliceRows && bytes < maxSliceBytes && block.height < last) continue;
    to.addRecords(slice);
    yield { blocks: block.height + 1n, total: last + 1n };
    expectShortLog(from.file);
    slice = [];
    bytes = 0;
  }
}

function copyRejected(from: BlockReader, to: BlockStore): void {
  let after: RejectedBlock | undefined;
  do {
    const slice = from.getRejected(after, maxSliceRows);
    to.rejectAll(slice);
    after = slice.at(-1);
  } while (after !== undefined);
}

function copyProposals(from: BlockReader, to: BlockStore): void {
  let slice: StoredProposal[] = [];
  let bytes = 0;
  for (const proposal of from.proposals.readAll()) {
    slice.push(proposal);
    bytes += proposal.bytes;
    if (slice.length < maxSliceRows && bytes < maxSliceBytes) continue;
    to.proposals.add(slice);
    slice = [];
    bytes = 0;
  }
  to.proposals.add(slice);
}

/** Throws when so many bytes would not fit on the disk of a directory. */
function expectRoom(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= bytes) return;
  throw new Error(`${directory}: the disk has ${bavail * bsize} free bytes, and ${bytes} must be free`);
}

function expectShortLog(file: string): void {
  const bytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > maxLogBytes) {
    throw new Error(`the write-ahead log of ${file} has grown to ${bytes} bytes, more than ${maxLogBytes}`);
  }
}

/** What is wrong with the chain stays as it is; all else concerns the backup. */
function translated(error: unknown, from: BlockReader, { file }: BackupTarget): unknown {
  if (!(error instanceof FileError)) return new BackupError(file, problemOf(error), error);
  const { refusal } = error;
  if (refusal.file === from.file) return error;
  const problem = refusal.code === "database failed" ? `${file}: ${refusal.problem}` : error.message;
  return new BackupError(file, problem, error);
}

/** Names the user where the system refused: it may not be the one who asked. */
function problemOf(error: unknown): string {
  const user = /^E(ACCES|PERM|ROFS|NOENT|NOTDIR)$/.test(codeOf(error))
    ? `; it is written by user ${process.getuid?.()}`
    : "";
  return `${messageOf(error)}${user}`;
}
