import { Database } from "bun:sqlite";
import type { Id } from "../../avalanche/id.ts";
import { isNodeId } from "../../avalanche/node-id.ts";
import { digestOf, digestToBytes } from "../../core/digest.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { prepareBlocks, rewindBlocks } from "../block-statements.ts";
import { openForReading, schemaSteps, schemaVersion, schemaVersionOf, tryOut } from "../database.ts";
import { AcceptedCheck } from "./accepted.ts";
import { checkMeta } from "./meta.ts";
import { attempt, idInKey, isBytes, type Tell, walk } from "./rows.ts";

/** What a check tells while it runs. */
export interface CheckWatcher {
  /** One sentence without its full stop. */
  readonly onProblem: (problem: string) => void;
  /** After each accepted block: how many were read, and how many there seem to be. */
  readonly onProgress: (read: number, total: number) => void;
}

/** What a check found to be there, sound or not. */
export interface CheckSummary {
  /** In hex; undefined when it cannot be read. */
  readonly instanceId: string | undefined;
  readonly accepted: number;
  /** How many of these are only there as timestampvm-rs encoded them again. */
  readonly reencoded: number;
  readonly rejected: number;
  readonly proposals: number;
  /** Bytes of data of the proposals. */
  readonly proposalBytes: number;
  readonly genesis: Id | undefined;
  readonly lastAccepted: { readonly id: Id | undefined; readonly height: bigint } | undefined;
  /** A rewind to this height makes an unsound file sound; undefined where there is none that does. */
  readonly cureHeight: bigint | undefined;
}

/**
 * Reads everything in a database file, and tells each problem. What is damaged is stepped over where that is possible.
 * Holds one row at a time. Throws "database in use" or "database failed" when the file cannot be opened as ours.
 */
export function checkDatabase(file: string, { onProblem, onProgress }: CheckWatcher): CheckSummary {
  const db = openForReading(file);
  try {
    let problems = 0;
    const count: Tell = (problem) => {
      problems++;
      onProblem(problem);
    };
    const { soundHeight, ...summary } = checkAll(db, { onProblem: count, onProgress });
    return {
      ...summary,
      cureHeight: problems === 0 ? undefined : findCure(db, soundHeight, summary.lastAccepted?.height),
    };
  } finally {
    db.close();
  }
}

function checkAll(db: Database, { onProblem, onProgress }: CheckWatcher) {
  attempt("the file's structure", onProblem, () => checkStructure(db, onProblem));
  const instanceId = checkMeta(db, onProblem);
  const accepted = new AcceptedCheck(db, onProblem).run(onProgress);
  const rejected = checkRejected(db, onProblem);
  return { instanceId, ...accepted, rejected, ...checkProposals(db, onProblem) };
}

/** What is damaged beside the blocks stays, and SQLite cannot always take off what it can read: only trying it says. */
function findCure(db: Database, soundHeight: bigint | undefined, lastHeight: bigint | undefined): bigint | undefined {
  if (soundHeight === undefined || soundHeight === lastHeight) return undefined;
  let isSound = true;
  const onProblem = () => {
    isSound = false;
  };
  const isTried = tryOut(db, () => {
    rewindBlocks(prepareBlocks(db), soundHeight);
    checkAll(db, { onProblem, onProgress: () => {} });
  });
  return isTried && isSound ? soundHeight : undefined;
}

function checkStructure(db: Database, onProblem: Tell): void {
  const version = schemaVersionOf(db);
  const find = db.query<{ sql: string }, [string]>("SELECT sql FROM sqlite_schema WHERE name = ?");
  const expected = expectedObjects(version);
  for (const [name, sql] of expected) {
    const found = find.get(name);
    if (found?.sql !== sql) onProblem(`${name} is ${found === null ? "missing" : "not as timestampvm makes it"}`);
  }
  for (const name of expectedObjects(schemaVersion).keys()) {
    if (!expected.has(name) && find.get(name) !== null) onProblem(`${name} does not belong to schema ${version}`);
  }
  const told = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  for (const { integrity_check: text } of told) if (text !== "ok") onProblem(`SQLite says: ${text}`);
}

/** What a file of a version has: SQL by name. */
function expectedObjects(version: number): ReadonlyMap<string, string> {
  const fresh = new Database(":memory:");
  try {
    for (const step of schemaSteps.slice(0, version)) fresh.run(step);
    const objects = fresh.query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    );
    return new Map(objects.all().map(({ name, sql }) => [name, sql]));
  } finally {
    fresh.close();
  }
}

/** Version 1 kept them in memory. */
function hasProposals(db: Database): boolean {
  return schemaVersionOf(db) !== 1;
}

interface RejectedRow {
  readonly key: Uint8Array;
  readonly height: bigint;
  readonly timestamp: bigint | null;
  readonly digest: Uint8Array | null;
  readonly bytes: Uint8Array | null;
}

function checkRejected(db: Database, onProblem: Tell): number {
  let rejected = 0;
  for (const { at, row } of walk<RejectedRow>(db, rejectedRows, onProblem)) {
    rejected++;
    if (row === undefined) continue;
    const id = idInKey(row.key);
    const hasMore = row.timestamp !== null || row.digest !== null || row.bytes !== null;
    if (id === undefined) onProblem(`the rejected block in row ${at} has a damaged key`);
    else if (row.height < 1n || hasMore) onProblem(`the rejected block ${id} is damaged`);
  }
  return rejected;
}

const rejectedRows = {
  what: "the rejected block in row",
  readNext: "SELECT rowid AS at FROM blocks NOT INDEXED WHERE status = 2 AND rowid > ? ORDER BY rowid LIMIT 1",
  readRow: "SELECT key, height, timestamp, digest, bytes FROM blocks WHERE rowid = ?",
} as const;

interface ProposalRow {
  readonly digest: Uint8Array;
  readonly peer: unknown;
  readonly data: Uint8Array;
}

function checkProposals(db: Database, onProblem: Tell) {
  let proposals = 0;
  let proposalBytes = 0;
  const rows = hasProposals(db) ? walk<ProposalRow>(db, proposalRows, onProblem) : [];
  for (const { at, row } of rows) {
    proposals++;
    if (row === undefined) continue;
    proposalBytes += row.data instanceof Uint8Array ? row.data.length : 0;
    checkProposal(row, (problem) => onProblem(`the proposal at position ${at} ${problem}`));
  }
  return { proposals, proposalBytes };
}

/**
 * One whose data a block carries already is sound: the same data may be proposed again. So is one of any time: the clock
 * may have been wrong.
 */
function checkProposal({ digest, peer, data }: ProposalRow, tell: Tell): void {
  const isWhole = data instanceof Uint8Array && isBytes(digest, digestToBytes(digestOf(data)));
  if (!isWhole) tell("is damaged");
  if (peer !== null && !isNodeId(peer)) tell("came from a peer that is no node id");
  if (data instanceof Uint8Array && data.length > maxDataBytes) {
    tell(`has ${data.length} bytes, more than ${maxDataBytes}`);
  }
}

const proposalRows = {
  what: "the proposal at position",
  readNext: "SELECT position AS at FROM mempool WHERE position > ? ORDER BY position LIMIT 1",
  readRow: "SELECT digest, peer, data FROM mempool WHERE position = ?",
} as const;
