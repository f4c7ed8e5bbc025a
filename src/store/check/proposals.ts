import type { Database } from "bun:sqlite";
import { isNodeId } from "../../avalanche/node-id.ts";
import { type Digest, digestOf, digestToBytes } from "../../core/digest.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import type { Row } from "../columns.ts";
import { isBytes, type Report, walk } from "./rows.ts";

type ProposalRow = Row<"digest" | "peer" | "data">;

export interface ProposalSummary {
  readonly proposals: number;
  /** Bytes of data that they hold. */
  readonly proposalBytes: number;
}

/** Checks the proposals that wait for a block. */
export function checkProposals(db: Database, onProblem: Report): ProposalSummary {
  let proposals = 0;
  let proposalBytes = 0;
  const seen = new Set<Digest>();
  for (const { at, row } of walk<keyof ProposalRow>(db, proposalRows, onProblem)) {
    proposals++;
    if (row === undefined) continue;
    proposalBytes += row.data instanceof Uint8Array ? row.data.length : 0;
    checkProposal(row, seen, (problem) => onProblem(`the proposal at position ${at} ${problem}`));
  }
  return { proposals, proposalBytes };
}

/**
 * A proposal may have data that a block carries already, since the same data may be proposed again. It may have any
 * time, since the clock may have been wrong.
 */
function checkProposal({ digest, peer, data }: ProposalRow, seen: Set<Digest>, report: Report): void {
  if (peer !== null && !isNodeId(peer)) report("came from a peer with a malformed node id");
  if (!(data instanceof Uint8Array)) return report("is damaged");
  const expected = digestOf(data);
  if (!isBytes(digest, digestToBytes(expected))) return report("is damaged");
  if (seen.has(expected)) report("waits a second time");
  seen.add(expected);
  if (data.length > maxDataBytes) report(`has ${data.length} bytes, more than ${maxDataBytes}`);
}

const proposalRows = {
  what: "the proposal at position",
  readNext: "SELECT position AS at FROM mempool WHERE position > ? ORDER BY position LIMIT 1",
  readRow: "SELECT digest, peer, data FROM mempool WHERE position = ?",
} as const;
