import type { Command } from "commander";
import { countOf, formatNumber } from "../../core/format.ts";
import { type BlockStore, requeueStretch } from "../../store/block-store.ts";
import { FileError } from "../../store/errors.ts";
import { needsUpgrade } from "../../store/old-file.ts";
import { rewindOld } from "../../store/rewind-old.ts";
import { systemClock, timeOfRow } from "../../vm/clock.ts";
import type { Stretch } from "../../vm/rewind.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import type { Output } from "../terminal/output.ts";
import { parseHeightOption } from "../terminal/parse-option.ts";
import { formatRows } from "../terminal/rows.ts";
import { databaseArgument, findDatabase, withChain, withStore } from "./open-database.ts";
import { upgradedLine, watchCopy } from "./upgrade.ts";

/** Rewinds the chain of a database to a height. */
export function addRollbackCommand(db: Command, output: Output): void {
  db.command("rollback")
    .description("rewind the chain to a height; the data of the removed blocks waits for a block again")
    .argument("<database>", databaseArgument)
    .requiredOption("--to <height>", "the height of the block that will be the last accepted one", parseHeightOption)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "At its next start the node goes back to the same height, and on from there with the blocks of its " +
            "peers, if they have any. The command rewinds in stretches: if it is interrupted, run it again. It " +
            "also makes the index of digests anew, and drops damaged proposals. If --to is the height that the " +
            "chain has, it does only that.",
        ],
        examples: ["timestampvm db rollback chain --to 1"],
        exitCodes: { 1: "the chain is lower, or the database could not be changed" },
      }),
    )
    .action((path: string, { to }: { to: bigint }) => rollback(findDatabase(path), to, output));
}

function rollback(file: string, to: bigint, output: Output): void {
  const { lastHeight, id } = findTarget(file, to);
  const now = timeOfRow(systemClock);
  const isOld = needsUpgrade(file);
  const { blocks, lost, proposals, dropped } = isOld
    ? { ...watchCopy(rewindOld(file, to, now), output), dropped: 0 } // one with damaged proposals is refused
    : withStore(file, (store) => rewind(store, { from: lastHeight, to }, now, output));
  if (isOld) output.err(upgradedLine(file));
  const range = `from height ${formatNumber(lastHeight)} to ${formatNumber(to)}`;
  output.out(
    formatRows(
      [
        ["rewound", `${countOf(blocks, "block")}, ${range}`],
        ["lost", lost > 0 ? `the data of ${countOf(lost, "damaged block")}` : undefined],
        ["dropped", dropped > 0 ? countOf(dropped, "damaged proposal") : undefined],
        ["last accepted", id],
        ["proposals", `${formatNumber(proposals)} waiting`],
      ],
      output.paint,
    ),
  );
}

/** The height of the last block, and the id of the block that will be the last one. */
function findTarget(file: string, to: bigint) {
  return withChain(file, (reader, lastHeight) => {
    if (to <= lastHeight) return { lastHeight, id: reader.expectBlockAtHeight(to).id };
    throw new CommandFailed(`${file}: the last accepted block has height ${lastHeight}, below ${to}`);
  });
}

function rewind(store: BlockStore, { from, to }: Stretch, now: bigint, output: Output) {
  store.setDurability("normal"); // synced by the close
  const dropped = store.proposals.dropDamaged();
  store.clearIndex();
  const progress = output.progress();
  let [blocks, lost] = [0, 0];
  // Not by `stretchesDown`: this skips gaps, which a damaged file may have.
  for (let head = from; head > to; head = store.lastHeight() ?? to) {
    const rewound = rewindAndRequeue(store, head - to > requeueStretch ? head - requeueStretch : to, now);
    blocks += rewound.blocks;
    lost += rewound.lost;
    progress.show(blocks, Number(from - to));
  }
  if (to < from) store.rewind(to); // removes rejected blocks above the last accepted one
  for (const _ of store.indexDigests());
  progress.clear();
  return { blocks, lost, proposals: store.proposals.count(), dropped };
}

interface Rewound {
  readonly blocks: number;
  /** How many of them could not be read. Their data is lost. */
  readonly lost: number;
}

/** Removes the blocks above height `to`. Their data waits since `now`, Unix seconds. */
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

/** Rewinds block by block, so that only unreadable blocks are lost. Skips heights without a block. */
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
