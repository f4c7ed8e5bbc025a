import type { Command } from "commander";
import type { Block } from "../../core/block.ts";
import { countOf, formatIsoTime, formatNumber } from "../../core/format.ts";
import type { BlockReader } from "../../store/block-reader.ts";
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
import { askYesNo } from "../terminal/question.ts";
import { formatRows } from "../terminal/rows.ts";
import { databaseArgument, findDatabase, withChain, withStore } from "./open-database.ts";
import { upgradedLine, watchCopy } from "./upgrade.ts";

/** Rewinds the chain of a database to a height. */
export function addRollbackCommand(db: Command, output: Output): void {
  db.command("rollback")
    .description("rewind the chain to a height; the data of the removed blocks waits for a block again")
    .argument("<database>", databaseArgument)
    .requiredOption("--to <height>", "the height of the block that will be the last accepted one", parseHeightOption)
    .option("--dry-run", "only say what would be removed")
    .option("-y, --yes", "answer yes to every question")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The command says what it will remove, and asks. At its next start the node goes back to the same " +
            "height, and on from there with the blocks of its peers, if they have any. The command rewinds in " +
            "stretches: if it is interrupted, run it again. It also makes the index of digests anew, and drops " +
            "damaged proposals. If --to is the height that the chain has, it does only that, and does not ask.",
        ],
        examples: ["timestampvm db rollback chain --to 1 --dry-run", "timestampvm db rollback chain --to 1 --yes"],
        exitCodes: {
          1: "the chain is lower, has changed or cannot be changed, or the answer was no",
        },
      }),
    )
    .action((path: string, options: Options) => rollback(findDatabase(path), options, output));
}

interface Options {
  readonly to: bigint;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

function rollback(file: string, { to, dryRun, yes }: Options, output: Output): void {
  const target = findTarget(file, to);
  if (dryRun) return output.out(`${describeLoss(target, to)}\nNothing was changed.\n`);
  if (!yes && to < target.lastHeight && !askYesNo(`${describeLoss(target, to)}\nRemove them?`, "--yes", output)) {
    throw new CommandFailed("nothing was changed");
  }
  rollbackTo(file, to, target, output);
}

/** What the file will not have any more. There may be fewer blocks than heights, since some may be missing. */
function describeLoss({ lastHeight, block }: Target, to: bigint): string {
  if (to === lastHeight) return "This removes no block. It drops damaged proposals, if there are any.";
  const heights = `${formatNumber(to + 1n)} to ${formatNumber(lastHeight)}`;
  return (
    `This removes the blocks of ${countOf(lastHeight - to, "height")}, ${heights}: all that came after block ` +
    `${formatNumber(to)} of ${formatIsoTime(block.timestamp)}.\n` +
    "Their data waits for a block again, which may have a later time; what cannot be read of it is lost.\n" +
    "When this node first saw these blocks is lost, too."
  );
}

function rollbackTo(file: string, to: bigint, { lastHeight, block }: Target, output: Output): void {
  const now = timeOfRow(systemClock);
  // The file was closed while the question stood.
  const expectSame = (chain: BlockReader) => {
    if (chain.lastHeight() === lastHeight) return;
    throw new CommandFailed(`${file}: the chain has changed meanwhile: nothing was changed; run it again`);
  };
  const isOld = needsUpgrade(file);
  const { blocks, lost, proposals, dropped } = isOld
    ? // One with damaged proposals is refused.
      { ...watchCopy(rewindOld(file, to, now, expectSame), output), dropped: 0 }
    : withStore(file, (store) => {
        expectSame(store);
        return rewind(store, { from: lastHeight, to }, now, output);
      });
  if (isOld) output.err(upgradedLine(file));
  const range = `from height ${formatNumber(lastHeight)} to ${formatNumber(to)}`;
  output.out(
    formatRows(
      [
        ["rewound", `${countOf(blocks, "block")}, ${range}`],
        ["lost", lost > 0 ? `the data of ${countOf(lost, "damaged block")}` : undefined],
        ["dropped", dropped > 0 ? countOf(dropped, "damaged proposal") : undefined],
        ["last accepted", block.id],
        ["proposals", `${formatNumber(proposals)} waiting`],
      ],
      output.paint,
    ),
  );
}

interface Target {
  /** The height of the last block. */
  readonly lastHeight: bigint;
  /** The block that will be the last one. */
  readonly block: Block;
}

function findTarget(file: string, to: bigint): Target {
  return withChain(file, (reader, lastHeight) => {
    if (to <= lastHeight) return { lastHeight, block: reader.expectBlockAtHeight(to) };
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
