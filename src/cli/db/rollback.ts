import { type Command, InvalidArgumentError } from "commander";
import { type BlockStore, requeueStretch } from "../../store/block-store.ts";
import { FileError } from "../../store/errors.ts";
import { CommandFailed } from "../command-failed.ts";
import { countOf, groupDigits } from "../terminal/counts.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { databaseArgument, withChain } from "./open-database.ts";

export function addRollbackCommand(db: Command, output: Output): void {
  db.command("rollback")
    .description("take every block above a height off the chain; what they carry waits for a block again")
    .argument("<database>", databaseArgument)
    .requiredOption("--to <height>", "the height of the block that will be the last accepted one", parseHeight)
    .addHelpText(
      "after",
      "\nAt its next start the node follows: it goes back to the same height, and on from there, with the blocks of its\n" +
        "peers where they have them. Goes back a stretch at a time: when it is interrupted, run it again.",
    )
    .action((path: string, { to }: { to: bigint }) =>
      withChain(path, (store, last) => rollback(store, last, to, output)),
    );
}

function parseHeight(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new InvalidArgumentError("It is no height: a whole number from 0 up.");
  return BigInt(text);
}

function rollback(store: BlockStore, lastHeight: bigint, to: bigint, { out, err, isWatched }: Output): void {
  if (to > lastHeight) {
    throw new CommandFailed(`${store.file}: the last accepted block has height ${lastHeight}, below ${to}`);
  }
  const { id } = store.expectBlockAtHeight(to);
  store.setDurability("normal"); // synced by the close
  const progress = new ProgressLine(isWatched ? err : undefined);
  const now = BigInt(Math.floor(Date.now() / 1000));
  let [blocks, lost] = [0, 0];
  for (let from = lastHeight; from > to; from = store.lastHeight() ?? to) {
    const taken = rewindAndRequeue(store, { from, to: from - to > requeueStretch ? from - requeueStretch : to, now });
    blocks += taken.blocks;
    lost += taken.lost;
    progress.show(blocks, Number(lastHeight - to));
  }
  if (to < lastHeight) store.rewind(to); // what lost above it, where no block is left
  progress.clear();
  out(`took off       ${countOf(blocks, "block")}, from height ${groupDigits(lastHeight)} to ${groupDigits(to)}\n`);
  if (lost > 0) out(`lost           what ${countOf(lost, "damaged block")} carried\n`);
  out(`last accepted  ${id}\n`);
  out(`proposals      ${groupDigits(store.proposals.count())} waiting\n`);
}

interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  readonly now: bigint;
}

interface Taken {
  readonly blocks: number;
  /** How many of them could not be read. */
  readonly lost: number;
}

function rewindAndRequeue(store: BlockStore, { from, to, now }: Stretch): Taken {
  try {
    store.rewindAndRequeue(to, now);
    return { blocks: Number(from - to), lost: 0 };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (from - to > 1n) return takeBackOneByOne(store, { from, to, now });
    if (canRead(store, from)) throw error;
    store.rewind(to);
    return { blocks: 1, lost: 1 };
  }
}

/** Steps over gaps. */
function takeBackOneByOne(store: BlockStore, { from, to, now }: Stretch): Taken {
  let [blocks, lost] = [0, 0];
  for (let last = from; last > to; last = store.lastHeight() ?? to) {
    const taken = rewindAndRequeue(store, { from: last, to: last - 1n, now });
    blocks += taken.blocks;
    lost += taken.lost;
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
