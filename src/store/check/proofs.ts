import type { Database } from "bun:sqlite";
import { digestBytes, digestFromBytes } from "../../core/digest.ts";
import { maxAttestedBlocks, problemInSignatures } from "../attestation-table.ts";
import { expectBytes, expectInteger, type Row } from "../columns.ts";
import { problemInTree } from "../tree-table.ts";
import { attempt, type Report, walk } from "./rows.ts";

/** Checks the form of trees and attestations, and what they belong to. Verifies no hash and no signature. */
export function checkProofs(db: Database, report: Report): void {
  for (const { at, row } of walk<keyof TreeRow>(db, treeRows, report)) {
    const problem = row && attempt(`tree ${at}`, report, () => problemInTreeRow(row));
    if (problem !== undefined) report(`tree ${at} is damaged: ${problem}`);
  }
  let attestations = 0;
  for (const { at, row } of walk<keyof AttestationRow>(db, attestationRows, report)) {
    attestations++;
    const problem = row && attempt(`${attestationRows.what} ${at}`, report, () => problemInAttestation(row));
    if (problem !== undefined) report(`${attestationRows.what} ${at} is damaged: ${problem}`);
  }
  if (attestations > maxAttestedBlocks)
    report(`there are ${attestations} attestations, more than ${maxAttestedBlocks}`);
  attempt("the index of leaves", report, () => checkLeaves(db, report));
}

type TreeRow = Row<"root" | "secret" | "leaves">;

const treeRows = {
  what: "tree",
  readNext: "SELECT tree AS at FROM trees WHERE tree > ? ORDER BY tree LIMIT 1",
  readRow: "SELECT root, secret, leaves FROM trees WHERE tree = ?",
} as const;

function problemInTreeRow({ root, secret, leaves }: TreeRow): string | undefined {
  return problemInTree({
    root: digestFromBytes(expectBytes(root, "its root", digestBytes)),
    secret: expectBytes(secret, "its secret"),
    leaves: expectBytes(leaves, "its leaves"),
  });
}

type AttestationRow = Row<"pChainHeight" | "signatures" | "isOfBlock">;

const attestationRows = {
  what: "the attestation of height",
  readNext: "SELECT height AS at FROM attestations WHERE height > ? ORDER BY height LIMIT 1",
  readRow: `SELECT p_chain_height AS pChainHeight, signatures,
      EXISTS (SELECT 1 FROM blocks WHERE blocks.height = attestations.height) AS isOfBlock
    FROM attestations WHERE height = ?`,
} as const;

function problemInAttestation({ pChainHeight, signatures, isOfBlock }: AttestationRow): string | undefined {
  if (isOfBlock !== 1n) return "there is no such block";
  if (expectInteger(pChainHeight, "the height of the P-chain") < 0n) return "its height of the P-chain is below 0";
  return problemInSignatures(expectBytes(signatures, "its signatures"));
}

/** The index of leaves may lag behind the trees, but must have no entries of other trees. */
function checkLeaves(db: Database, report: Report): void {
  const row = db
    .query<Row<"count">, []>("SELECT count(*) AS count FROM leaves WHERE tree NOT IN (SELECT tree FROM trees)")
    .get();
  if (row?.count !== 0n) report(`the index of leaves has entries of missing trees: ${row?.count}`);
}
