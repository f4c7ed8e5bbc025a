import type { Database } from "bun:sqlite";
import { equalBytes } from "../avalanche/id.ts";
import { expectInteger, type Row } from "./columns.ts";
import { type CopyProgress, copyChain } from "./copy-chain.ts";
import { replaceOld, type UpgradeStep } from "./old-file.ts";
import { schemaVersion } from "./schema.ts";

/** How many heights one step searches for a gap: some milliseconds. */
const gapStretch = 10_000n;

/** The result of an upgrade. */
export interface UpgradeSummary {
  readonly fromSchema: number;
  readonly toSchema: number;
  readonly blocks: bigint;
  /** The heights of the blocks above a missing one, which were left out; undefined if none is missing. */
  readonly leftOut: { readonly from: bigint; readonly to: bigint } | undefined;
  /** Size of the old file. */
  readonly bytesBefore: bigint;
  /** Size of the new file. */
  readonly bytesAfter: bigint;
}

/** The file that the head marker in the node's database names. */
export interface KnownFile {
  /** 16 bytes; undefined without a head marker. */
  readonly instanceId: Uint8Array | undefined;
}

/**
 * Upgrades a database file of an older schema: see `replaceOld`. Verifies every block. Yields after each step of some
 * tens of milliseconds.
 *
 * A height without a block is damage if the node knows this file. If the node knows another file or none, a killed
 * take-over from timestampvm-rs may have left the gap: then the blocks above it are left out, since opening the chain
 * drops the blocks of such a file anyway.
 */
export function* upgradeDatabase(file: string, known?: KnownFile): Generator<UpgradeStep, UpgradeSummary> {
  const { made, bytes } = yield* replaceOld(file, function* ({ reader, db, version, bytes }, store) {
    const last = reader.lastHeight() ?? -1n;
    const isOther = known !== undefined && !isKnown(reader.readInstanceId(), known);
    const head = isOther ? yield* findHead(db, last) : last;
    yield* copyChain(reader, store, head === last ? undefined : head);
    const leftOut = head === last ? undefined : { from: nextHeight(db, head), to: last };
    return { fromSchema: version, leftOut, blocks: head + 1n, bytesBefore: bytes };
  });
  return { ...made, toSchema: schemaVersion, bytesAfter: bytes };
}

function isKnown(instanceId: Uint8Array, known: KnownFile): boolean {
  return known.instanceId !== undefined && equalBytes(known.instanceId, instanceId);
}

/** The greatest height below the first gap; -1 without genesis. */
function* findHead(db: Database, last: bigint): Generator<CopyProgress, bigint> {
  const heights = db.query<Row<"height">, [bigint, bigint]>(
    "SELECT height FROM blocks WHERE height BETWEEN ? AND ? ORDER BY height",
  );
  for (let next = 0n; next <= last; ) {
    const rows = heights.all(next, next + gapStretch - 1n);
    const first = next;
    const gap = rows.findIndex(({ height }, i) => height !== first + BigInt(i));
    if (gap !== -1 || rows.length === 0) return next + BigInt(Math.max(gap, 0)) - 1n;
    next += BigInt(rows.length);
    yield { blocks: 0n, total: last + 1n };
  }
  return last;
}

function nextHeight(db: Database, above: bigint): bigint {
  const row = db.query<Row<"height">, [bigint]>("SELECT min(height) AS height FROM blocks WHERE height > ?").get(above);
  return expectInteger(row?.height, "the height of a block");
}
