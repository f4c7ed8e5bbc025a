import type { Database } from "bun:sqlite";
import type { BlockReader } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import { expectInteger, maxSqlInteger, type Row } from "./columns.ts";
import { copyChain } from "./copy-chain.ts";
import { FileError } from "./errors.ts";
import { Damage } from "./failures.ts";
import { replaceOld, type UpgradeStep } from "./old-file.ts";

/** What a rewind of an old file did. */
export interface RewoundOld {
  /** How many blocks were removed. */
  readonly blocks: number;
  /** How many of them could not be read: what they carried is lost. */
  readonly lost: number;
  /** How many proposals wait now. */
  readonly proposals: number;
}

/**
 * Upgrades a database file of an older schema, but for the blocks above a height: what these carry waits for a block
 * again, before all other proposals, since `since` (Unix seconds), as far as they can be read. See `replaceOld`.
 */
export function* rewindOld(file: string, height: bigint, since: bigint): Generator<UpgradeStep, RewoundOld> {
  const { made } = yield* replaceOld(file, function* ({ reader, db }, store) {
    yield* copyChain(reader, store, height);
    let [blocks, lost] = [0, 0];
    for (const at of heightsDown(db, height)) {
      blocks++;
      if (!requeue(reader, store, at, since)) lost++;
      yield { blocks: height + 1n, total: height + 1n };
    }
    return { blocks, lost, proposals: store.proposals.count() };
  });
  return made;
}

/** The heights of blocks above one, the greatest first. There may be gaps. */
function* heightsDown(db: Database, above: bigint): Generator<bigint, void> {
  const next = db.query<Row<"height">, [bigint, bigint]>(
    "SELECT height FROM blocks WHERE height > ? AND height <= ? ORDER BY height DESC LIMIT 1",
  );
  for (let upTo = maxSqlInteger; ; ) {
    const row = next.get(above, upTo);
    if (row === null) return;
    const height = expectInteger(row.height, "the height of a block");
    if (height > upTo) throw new Damage("the height of a block is damaged"); // else it could go round in circles
    yield height;
    upTo = height - 1n;
  }
}

/** Gives whether the block could be read. */
function requeue(reader: BlockReader, store: BlockStore, height: bigint, since: bigint): boolean {
  try {
    store.proposals.requeue(reader.expectBlockAtHeight(height).data, since);
    return true;
  } catch (error) {
    if (error instanceof FileError && error.refusal.file === reader.file) return false;
    throw error;
  }
}
