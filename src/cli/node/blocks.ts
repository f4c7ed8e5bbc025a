import { type Command, InvalidArgumentError, Option } from "commander";
import { maxPageBlocks, maxWaitMs } from "../../client/limits.ts";
import { askToWait, type Clock, pauseMs, systemClock } from "../../client/waiting.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { CommandFailed } from "../command-failed.ts";
import { exitCodes } from "../terminal/exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import { createPaint, type Paint } from "../terminal/paint.ts";
import { type Block, formatBytes, formatTime, parseHex } from "../terminal/show.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";

interface BlocksOptions extends ConnectionOptions {
  readonly limit?: bigint;
  readonly from?: bigint;
  readonly order?: "ascending" | "descending";
  readonly follow?: boolean;
}

const defaultLimit = 20n;

export function addBlocksCommand(program: Command, output: Output): void {
  const command = program
    .command("blocks")
    .description("list accepted blocks, the newest first")
    .option("--limit <number>", `how many at most (default: ${defaultLimit})`, parseLimit)
    .option("--from <height>", "where to begin", parseHeight)
    .addOption(new Option("--order <order>", "newest first, or first one first").choices(["descending", "ascending"]))
    .option("-f, --follow", "list the newest --limit blocks, or all from --from, then each new one, until Ctrl-C");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      "\nA line each: height, time, size of its data, id. With --json a whole block a line." +
        `\n${exitCodes("the node was not reached, or refused")}`,
    )
    .action(async (options: BlocksOptions, command: Command) => {
      const { json, follow, order, from, limit } = options;
      if (follow && order === "descending") command.error("error: --follow lists in ascending order");
      if (follow && from !== undefined && limit !== undefined) {
        command.error("error: with --follow, give --from or --limit, not both");
      }
      const { ask } = connect(command, output);
      const paint = createPaint(output.isColoured);
      const blocks = follow ? followBlocks(ask, options, output.clock) : listBlocks(ask, options);
      for await (const block of blocks) output.out(json ? `${formatExactJson(block)}\n` : formatLine(block, paint));
    });
}

function parseLimit(text: string): bigint {
  const limit = parseHeight(text);
  if (limit === 0n) throw new InvalidArgumentError("it is not a number from 1.");
  return limit;
}

function parseHeight(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n)
    throw new InvalidArgumentError("it is not a whole number.");
  return BigInt(text);
}

async function* listBlocks(ask: Ask, options: BlocksOptions): AsyncGenerator<Block, void> {
  const { limit = defaultLimit, order = "descending" } = options;
  let { from } = options;
  for (let left = limit; left > 0n; ) {
    const { blocks, next } = await ask("getBlocks", {
      ...(from !== undefined && { from }),
      limit: left < maxPageBlocks ? left : maxPageBlocks,
      order,
    });
    yield* blocks;
    left -= BigInt(blocks.length);
    if (next === undefined || blocks.length === 0) return;
    from = expectProgress(from, next, order);
  }
}

async function* followBlocks(
  ask: Ask,
  { from, limit = defaultLimit }: BlocksOptions,
  clock: Clock = systemClock,
): AsyncGenerator<Block, void> {
  let height = from ?? (await heightOfNewest(ask, limit));
  for (;;) {
    const page = { from: height, limit: maxPageBlocks, order: "ascending" } as const;
    const { blocks, next } = await askToWait((waitMs) => ask("getBlocks", { ...page, waitMs }), maxWaitMs, clock);
    yield* blocks;
    if (blocks.length > 0) height = expectProgress(height, next, "ascending");
    else await clock.pause(pauseMs);
  }
}

/** The height of the first of the newest `count` blocks. */
async function heightOfNewest(ask: Ask, count: bigint): Promise<bigint> {
  const { lastAccepted } = await ask("getStatus", {});
  return lastAccepted.height < count ? 0n : lastAccepted.height - count + 1n;
}

/** Else a server could keep us for ever. */
function expectProgress(from: bigint | undefined, next: bigint | undefined, order: BlocksOptions["order"]): bigint {
  const isFurther = from === undefined || (next !== undefined && (order === "ascending" ? next > from : next < from));
  if (next === undefined || !isFurther) throw new CommandFailed("the node gives the same blocks again");
  return next;
}

function formatLine({ id, height, timestamp, data }: Block, paint: Paint): string {
  const bytes = formatBytes(parseHex(data).length);
  return `${paint("bold", height.toString().padStart(8))}  ${formatTime(timestamp)}  ${bytes.padStart(15)}  ${paint("dim", id)}\n`;
}
