import type { Command } from "commander";
import { countOf, formatNumber } from "../../core/format.ts";
import { type BlockStore, requeueStretch } from "../../store/block-store.ts";
import { FileError } from "../../store/errors.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Output } from "../terminal/output.ts";
import { parseHeightOption } from "../terminal/parse-option.ts";
import { databaseArgument, withChain } from "./open-database.ts";

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
  const now = BigInt(Math.floor(Date.now() / 1000));
  let [blocks, lost] = [0, 0];
  for (let from = lastHeight; from > to; from = store.lastHeight() ?? to) {
    const rewound = rewindAndRequeue(store, { from, to: from - to > requeueStretch ? from - requeueStretch : to, now });
    blocks += rewound.blocks;
    lost += rewound.lost;
    progress.show(blocks, Number(lastHeight - to));
  }
  if (to < lastHeight) store.rewind(to); // rejected blocks may be left above, where no accepted one was
  progress.clear();
  const { out } = output;
  out(`rewound        ${countOf(blocks, "block")}, from height ${formatNumber(lastHeight)} to ${formatNumber(to)}\n`);
  if (lost > 0) out(`lost           what ${countOf(lost, "damaged block")} carried\n`);
  out(`last accepted  ${id}\n`);
  out(`proposals      ${formatNumber(store.proposals.count())} waiting\n`);
}

/** The blocks above height `to`, up to height `from`. */
interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  /** Unix seconds. */
  readonly now: bigint;
}

interface Rewound {
  readonly blocks: number;
  /** How many of them could not be read: what they carried is lost. */
  readonly lost: number;
}

function rewindAndRequeue(store: BlockStore, { from, to, now }: Stretch): Rewound {
  try {
    store.rewindAndRequeue(to, now);
    return { blocks: Number(from - to), lost: 0 };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (from - to > 1n) return rewindOneByOne(store, { from, to, now });
    if (canRead(store, from)) throw error;
    store.rewind(to);
    return { blocks: 1, lost: 1 };
  }
}

/** Block by block, so that only what cannot be read is lost. Heights without a block are skipped. */
function rewindOneByOne(store: BlockStore, { from, to, now }: Stretch): Rewound {
  let [blocks, lost] = [0, 0];
  for (let last = from; last > to; last = store.lastHeight() ?? to) {
    const rewound = rewindAndRequeue(store, { from: last, to: last - 1n, now });
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
