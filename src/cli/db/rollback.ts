import type { Command } from "commander";
import { countOf, formatNumber } from "../../core/format.ts";
import { type BlockStore, requeueStretch } from "../../store/block-store.ts";
import { FileError } from "../../store/errors.ts";
import { systemClock, timeOfRow } from "../../vm/clock.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Output } from "../terminal/output.ts";
import { parseHeightOption } from "../terminal/parse-option.ts";
import { formatRows } from "../terminal/rows.ts";
import { databaseArgument, withChain } from "./open-database.ts";

/** Rewinds the chain of a database to a height. */
export function addRollbackCommand(db: Command, output: Output): void {
  db.command("rollback")
    .description("rewind the chain to a height; what the removed blocks carry waits for a block again")
    .argument("<database>", databaseArgument)
    .requiredOption("--to <height>", "the height of the block that will be the last accepted one", parseHeightOption)
    .addHelpText(
      "after",
      "\nAt its next start the node goes back to the same height, and on from there with the blocks of its peers,\n" +
        "if they have any. The command rewinds in stretches: when it was interrupted, run it again.",
    )
    .action((path: string, { to }: { to: bigint }) =>
      withChain(path, (store, last) => rollback(store, last, to, output)),
    );
}

function rollback(store: BlockStore, lastHeight: bigint, to: bigint, output: Output): void {
  if (to > lastHeight) {
    throw new CommandFailed(`${store.file}: the last accepted block has height ${lastHeight}, below ${to}`);
  }
  const { id } = store.expectBlockAtHeight(to);
  store.setDurability("normal"); // synced by the close
  const progress = output.progress();
  const now = timeOfRow(systemClock);
  let [blocks, lost] = [0, 0];
  // Not by `stretchesDown`: a damaged file may have a gap of any size, which is skipped.
  for (let head = lastHeight; head > to; head = store.lastHeight() ?? to) {
    const rewound = rewindAndRequeue(store, head - to > requeueStretch ? head - requeueStretch : to, now);
    blocks += rewound.blocks;
    lost += rewound.lost;
    progress.show(blocks, Number(lastHeight - to));
  }
  if (to < lastHeight) store.rewind(to); // rejected blocks may be left above, where no accepted one was
  progress.clear();
  const range = `from height ${formatNumber(lastHeight)} to ${formatNumber(to)}`;
  output.out(
    formatRows(
      [
        ["rewound", `${countOf(blocks, "block")}, ${range}`],
        ["lost", lost > 0 ? `what ${countOf(lost, "damaged block")} carried` : undefined],
        ["last accepted", id],
        ["proposals", `${formatNumber(store.proposals.count())} waiting`],
      ],
      output.paint,
    ),
  );
}

interface Rewound {
  readonly blocks: number;
  /** How many of them could not be read: what they carried is lost. */
  readonly lost: number;
}

/** Removes the blocks above height `to`. What they carry waits since `now`, Unix seconds. */
function rewindAndRequeue(store: BlockStore, to: bigint, now: bigint): Rewound {
  const head = store.lastHeight() ?? to;
  try {
    store.rewindAndRequeue(to, now);
    return { blocks: Number(head - to), lost: 0 };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (head - to > 1n) return rewindOneByOne(store, to, now);
    if (canRead(store, head)) throw error;
    store.rewind(to);
    return { blocks: 1, lost: 1 };
  }
}

/** Block by block, so that only what cannot be read is lost. Heights without a block are skipped. */
function rewindOneByOne(store: BlockStore, to: bigint, now: bigint): Rewound {
  let [blocks, lost] = [0, 0];
  for (let head = store.lastHeight() ?? to; head > to; head = store.lastHeight() ?? to) {
    const rewound = rewindAndRequeue(store, head - 1n, now);
    blocks += rewound.blocks;
    lost += rewound.lost;
  }
  return { blocks, lost };
}

function canRead(store: BlockStore, height: bigint): boolean {
  try {
    store.expectBlockAtHeight(height);
    return true;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}
