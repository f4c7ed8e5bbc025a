import type { Database } from "bun:sqlite";
import type { BlockReader } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import { expectInteger, maxSqlInteger, type Row } from "./columns.ts";
import { copyChain } from "./copy-chain.ts";
import { FileError } from "./errors.ts";
import { Damage } from "./failures.ts";
import { replaceOld, type UpgradeStep } from "./old-file.ts";

/** The result of `rewindOld`. */
export interface RewoundOld {
  /** How many blocks were removed. */
  readonly blocks: number;
  /** How many of them could not be read. Their data is lost. */
  readonly lost: number;
  /** How many proposals wait now. */
  readonly proposals: number;
}

/**
 * Upgrades a database file of an older schema without the blocks above a height. The data of those that can be read
 * become proposals of time `since` (Unix seconds), before all others. First runs `expectSame` on the old file, which
 * may throw. See `replaceOld`.
 */
export function* rewindOld(
  file: string,
  height: bigint,
  since: bigint,
  expectSame: (reader: BlockReader) => void,
): Generator<UpgradeStep, RewoundOld> {
  const { made } = yield* replaceOld(file, function* ({ reader, db }, store) {
    expectSame(reader);
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

/** The heights of all blocks above a height, the greatest first. There may be gaps. */
function* heightsDown(db: Database, above: bigint): Generator<bigint, void> {
  const next = db.query<Row<"height">, [bigint, bigint]>(
    "SELECT height FROM blocks WHERE height > ? AND height <= ? ORDER BY height DESC LIMIT 1",
  );
  for (let upTo = maxSqlInteger; ; ) {
    const row = next.get(above, upTo);
    if (row === null) return;
    const height = expectInteger(row.height, "the height of a block");
    if (height > upTo) throw new Damage("the height of a block is damaged"); // else this could loop for ever
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
