import type { Database } from "bun:sqlite";
import { equalBytes } from "../avalanche/id.ts";
import { expectInteger, type Row } from "./columns.ts";
import { type CopyProgress, copyChain } from "./copy-chain.ts";
import { replaceOld, type UpgradeStep } from "./old-file.ts";
import { schemaVersion } from "./schema.ts";

/** How many heights one step looks at for a gap: some milliseconds. */
const gapStretch = 10_000n;

/** What an upgrade did. */
export interface UpgradeSummary {
  readonly fromSchema: number;
  readonly toSchema: number;
  readonly blocks: bigint;
  /** The heights from and to which there were blocks above one that is missing; undefined where none is. */
  readonly leftOut: { readonly from: bigint; readonly to: bigint } | undefined;
  /** Of the old file. */
  readonly bytesBefore: bigint;
  /** Of the new one. */
  readonly bytesAfter: bigint;
}

/** The file that the node's database knows. */
export interface KnownFile {
  /** 16 bytes; undefined where it knows none. */
  readonly instanceId: Uint8Array | undefined;
}

/**
 * Upgrades a database file of an older schema: see `replaceOld`. Every block is verified. Yields after each step of
 * some tens of milliseconds.
 *
 * A height without a block is damage, unless the node knows another file, or none: then a killed take-over of a chain
 * of timestampvm-rs may have left it. The blocks above are left out; the opening keeps nothing of such a file anyway.
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

/** The greatest height up to which there is a block at each; -1 where there is none. */
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
