import { Database } from "bun:sqlite";
import type { Id } from "../../avalanche/id.ts";
import { isNodeId } from "../../avalanche/node-id.ts";
import { digestOf, digestToBytes } from "../../core/digest.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { prepareChanges, rewindBlocks } from "../block-statements.ts";
import type { Row } from "../columns.ts";
import { openForReading, tryOut } from "../database.ts";
import { DigestIndex } from "../digest-index.ts";
import { schema } from "../schema.ts";
import { AcceptedCheck } from "./accepted.ts";
import { checkMeta } from "./meta.ts";
import { attempt, idInKey, isBytes, type Report, walk } from "./rows.ts";

/** What a check reports while it runs. */
export interface CheckWatcher {
  /** One sentence without its full stop. */
  readonly onProblem: (problem: string) => void;
  /** After each accepted block: how many were read, and how many there seem to be. */
  readonly onProgress: (read: number, total: number) => void;
}

/** What is in a file, sound or not. */
export interface CheckSummary {
  /** In hex; undefined when it cannot be read. */
  readonly instanceId: string | undefined;
  readonly accepted: number;
  /** How many of these are stored as timestampvm-rs encoded them again. */
  readonly reencoded: number;
  readonly rejected: number;
  readonly proposals: number;
  /** Bytes of data that they hold. */
  readonly proposalBytes: number;
  readonly genesis: Id | undefined;
  readonly lastAccepted: { readonly id: Id | undefined; readonly height: bigint } | undefined;
  /** The height to which a rewind makes an unsound file sound; undefined where no rewind does. */
  readonly cureHeight: bigint | undefined;
}

/**
 * Reads everything in a database file, and reports each problem. Steps over what is damaged, where that is possible.
 * Holds one row at a time. Throws "database in use" or "database failed" when the file cannot be opened as ours.
 */
export function checkDatabase(file: string, { onProblem, onProgress }: CheckWatcher): CheckSummary {
  const db = openForReading(file);
  try {
    let problems = 0;
    const count: Report = (problem) => {
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

/** Tries it out: a rewind mends nothing beside the blocks, and SQLite cannot delete everything that it can read. */
function findCure(db: Database, soundHeight: bigint | undefined, lastHeight: bigint | undefined): bigint | undefined {
  if (soundHeight === undefined || soundHeight === lastHeight) return undefined;
  let isSound = true;
  const onProblem = () => {
    isSound = false;
  };
  const isTried = tryOut(db, () => {
    rewindBlocks(prepareChanges(db), new DigestIndex(db), soundHeight);
    checkAll(db, { onProblem, onProgress: () => {} });
  });
  return isTried && isSound ? soundHeight : undefined;
}

function checkStructure(db: Database, onProblem: Report): void {
  const find = db.query<Row<"sql">, [string]>("SELECT sql FROM sqlite_schema WHERE name = ?");
  for (const [name, sql] of expectedObjects()) {
    const found = find.get(name);
    if (found?.sql !== sql) onProblem(`${name} is ${found === null ? "missing" : "not as timestampvm makes it"}`);
  }
  const answers = db.query<Row<"integrity_check">, []>("PRAGMA integrity_check").all();
  for (const { integrity_check: text } of answers) if (text !== "ok") onProblem(`SQLite says: ${text}`);
}

/** The tables and indexes of a file: their SQL by name. */
function expectedObjects(): ReadonlyMap<string, string> {
  const fresh = new Database(":memory:");
  try {
    fresh.run(schema);
    const objects = fresh.query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    );
    return new Map(objects.all().map(({ name, sql }) => [name, sql]));
  } finally {
    fresh.close();
  }
}

function checkRejected(db: Database, onProblem: Report): number {
  let rejected = 0;
  const rows = db.query<Row<"key" | "height">, []>("SELECT key, height FROM rejected");
  attempt("the rejected blocks", onProblem, () => {
    for (const { key, height } of rows.iterate()) {
      rejected++;
      const id = idInKey(key);
      if (id === undefined) onProblem("a rejected block has a damaged key");
      else if (typeof height !== "bigint" || height < 1n) onProblem(`the rejected block ${id} is damaged`);
    }
  });
  return rejected;
}

type ProposalRow = Row<"digest" | "peer" | "data">;

function checkProposals(db: Database, onProblem: Report) {
  let proposals = 0;
  let proposalBytes = 0;
  for (const { at, row } of walk<keyof ProposalRow>(db, proposalRows, onProblem)) {
    proposals++;
    if (row === undefined) continue;
    proposalBytes += row.data instanceof Uint8Array ? row.data.length : 0;
    checkProposal(row, (problem) => onProblem(`the proposal at position ${at} ${problem}`));
  }
  return { proposals, proposalBytes };
}

/**
 * A proposal may carry data that a block has already, since the same data may be proposed again. It may be of any time,
 * since the clock may have been wrong.
 */
function checkProposal({ digest, peer, data }: ProposalRow, report: Report): void {
  const isWhole = data instanceof Uint8Array && isBytes(digest, digestToBytes(digestOf(data)));
  if (!isWhole) report("is damaged");
  if (peer !== null && !isNodeId(peer)) report("came from a peer that is no node id");
  if (data instanceof Uint8Array && data.length > maxDataBytes) {
    report(`has ${data.length} bytes, more than ${maxDataBytes}`);
  }
}

const proposalRows = {
  what: "the proposal at position",
  readNext: "SELECT position AS at FROM mempool WHERE position > ? ORDER BY position LIMIT 1",
  readRow: "SELECT digest, peer, data FROM mempool WHERE position = ?",
} as const;
