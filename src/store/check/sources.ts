import type { Database } from "bun:sqlite";
import { isNodeId } from "../../avalanche/node-id.ts";
import { type Report, walk } from "./rows.ts";

/** Checks the nodes that have seen blocks. SQLite checks that each block's node is among them. */
export function checkSources(db: Database, report: Report): void {
  for (const { at, row } of walk<"node">(db, sourceRows, report)) {
    if (row !== undefined && !isNodeId(row.node)) report(`source ${at} of first sights has a malformed node id`);
  }
}

const sourceRows = {
  what: "source",
  readNext: "SELECT source AS at FROM sources WHERE source > ? ORDER BY source LIMIT 1",
  readRow: "SELECT node FROM sources WHERE source = ?",
} as const;
