import type { Database } from "bun:sqlite";
import { prepareChanges, rewindBlocks } from "../block-statements.ts";
import { openForReading, schemaVersionOf } from "../database.ts";
import { DigestIndex } from "../digest-index.ts";
import { ProposalTable } from "../proposal-table.ts";
import { schemaVersion } from "../schema.ts";
import { openWriter, tryOut } from "../shared-database.ts";
import { type AcceptedSummary, checkAccepted } from "./accepted.ts";
import { checkInstanceId, checkMeta } from "./meta.ts";
import { canFindAbove } from "./old.ts";
import { checkProofs } from "./proofs.ts";
import { checkProposals, type ProposalSummary } from "./proposals.ts";
import { checkRejected } from "./rejected.ts";
import { attempt, type Report } from "./rows.ts";
import { checkSources } from "./sources.ts";
import { checkStructure } from "./structure.ts";

/**
 * SQLite's cache in KiB, enough for a million blocks: the check looks up entries of an index in the order of the
 * blocks, which is random for the index.
 */
const cacheKib = 32 * 1_024;

/** What a check reports while it runs. */
export interface CheckWatcher {
  /** Takes one sentence without its full stop. */
  readonly onProblem: (problem: string) => void;
  /** Called after each accepted block, with the number read and the number that there seem to be. */
  readonly onProgress: (read: number, total: number) => void;
}

/** The content of a file, sound or not. */
export interface CheckSummary extends AcceptedSummary, ProposalSummary {
  /** In hex; undefined if it cannot be read. */
  readonly instanceId: string | undefined;
  readonly rejected: number;
  /** `db rollback` to this height makes an unsound file sound; undefined if there is no such height. */
  readonly cureHeight: bigint | undefined;
}

/**
 * Reads everything in a database file of any version, and reports each problem. Skips damaged parts where it can. Holds
 * one row at a time. Throws "database in use" or "database failed" if the file cannot be opened, or is not ours.
 */
export function checkDatabase(file: string, watcher: CheckWatcher): CheckSummary {
  const db = openForReading(file);
  try {
    const checked = checkAll(db, watcher);
    return { ...checked, cureHeight: checked.problems === 0 ? undefined : findCure(file, db, checked) };
  } finally {
    db.close();
  }
}

type Checked = ReturnType<typeof checkAll>;

function checkAll(db: Database, { onProblem, onProgress }: CheckWatcher) {
  const version = schemaVersionOf(db);
  let problems = 0;
  const report: Report = (problem) => {
    problems++;
    onProblem(problem);
  };
  attempt("the file", report, () => db.run(`PRAGMA cache_size = -${cacheKib}`));
  checkStructure(db, version, report);
  checkMeta(db, report);
  checkSources(db, report);
  const accepted = checkAccepted(db, version, report, onProgress);
  checkProofs(db, report);
  const before = problems;
  const rest = {
    instanceId: checkInstanceId(db, report),
    rejected: checkRejected(db, report),
    ...checkProposals(db, report),
  };
  return { ...accepted, ...rest, version, problems, isRestSound: problems === before };
}

/**
 * The height up to which all blocks are sound, if `db rollback` to there leaves a sound file. It may be the last one.
 * `db rollback` copies a file of an older schema: what was decided up to that height, and the proposals. Any other file
 * it rewinds, fills its index of digests again, and drops damaged proposals. This is tried out here, since SQLite
 * cannot delete everything that it can read.
 */
function findCure(file: string, db: Database, { version, soundHeight, isRestSound }: Checked): bigint | undefined {
  if (soundHeight === undefined) return undefined;
  const isCure =
    version === schemaVersion ? canRewind(file, soundHeight) : isRestSound && canFindAbove(db, soundHeight);
  return isCure ? soundHeight : undefined;
}

/** By a new connection, as `db rollback` has one: what was read once, SQLite does not look at again. */
function canRewind(file: string, height: bigint): boolean {
  try {
    using db = openWriter(file);
    db.run("PRAGMA foreign_keys = ON"); // then more of a row is read before it is deleted
    return tryOut(db, () => {
      const digests = new DigestIndex(db);
      digests.clear();
      rewindBlocks(prepareChanges(db), digests, height);
      new ProposalTable(file, db).dropDamaged();
      return checkAll(db, { onProblem: () => {}, onProgress: () => {} }).problems === 0;
    });
  } catch {
    return false;
  }
}
