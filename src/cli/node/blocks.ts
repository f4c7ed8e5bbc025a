import { type Command, InvalidArgumentError, Option } from "commander";
import { type ApiBlock, dataOf } from "../../client/answered-block.ts";
import { defaultPageBlocks, maxPageBlocks, maxWaitMs } from "../../client/limits.ts";
import { askToWait, type Clock, pauseMs, systemClock } from "../../client/waiting.ts";
import { formatIsoTime, formatSize } from "../../core/format.ts";
import { describeDoubts } from "../../core/time-words.ts";
import { parseU64 } from "../../core/u64.ts";
import { expectNotEmpty } from "../expect-meant.ts";
import { helpAfter } from "../help.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { parseHeightOption } from "../terminal/parse-option.ts";
import { type Ask, addConnectionOptions, type Connection, type ConnectionOptions, connect } from "./connection.ts";
import { TimeIsOver } from "./time-limit.ts";
import { claimNote } from "./time-rows.ts";

interface BlocksOptions extends ConnectionOptions {
  readonly limit?: bigint;
  readonly from?: bigint;
  readonly order?: "ascending" | "descending";
  readonly follow?: boolean;
}

const defaultLimit = BigInt(defaultPageBlocks);

/** Lists accepted blocks, and new ones as they come. */
export function addBlocksCommand(program: Command, output: Output): void {
  const command = program
    .command("blocks")
    .description("list accepted blocks, the newest first")
    .option("--limit <number>", `at most so many blocks (default: ${defaultLimit})`, parseLimit)
    .option("--from <height>", "the height to begin with (default: the first in this order)", parseHeightOption)
    .addOption(
      new Option("--order <order>", "newest first, the default, or oldest first").choices(["descending", "ascending"]),
    )
    .option("-f, --follow", "list the newest --limit blocks, or all from --from, then each new one, until Ctrl-C");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Prints one line for each block: its height, its time, the size of its data, its id, and what speaks " +
            "against the time. With --json, prints the whole block.",
          claimNote,
        ],
        examples: ["timestampvm blocks --limit 5", "timestampvm blocks --from 0 --order ascending"],
        exitCodes: { 1: "the node was not reached, or refused" },
      }),
    )
    .action(async (options: BlocksOptions, command: Command) => {
      const { json, follow, order, from, limit } = options;
      if (follow && order === "descending") command.error("error: --follow lists in ascending order");
      if (follow && from !== undefined && limit !== undefined) {
        command.error("error: with --follow, give --from or --limit, not both");
      }
      const connection = connect(command, output);
      const blocks = follow ? followBlocks(connection, options, output.clock) : listBlocks(connection.ask, options);
      const print = json ? output.json : (block: ApiBlock) => output.out(formatLine(block, output.paint));
      for await (const block of blocks) print(block);
    });
}

function parseLimit(text: string): bigint {
  expectNotEmpty(text);
  const limit = parseU64(text) ?? 0n;
  if (limit === 0n) throw new InvalidArgumentError("not a whole number from 1 up.");
  return limit;
}

async function* listBlocks(ask: Ask, options: BlocksOptions): AsyncGenerator<ApiBlock, void> {
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
    from = next;
  }
}

/** Ends when the time of `--timeout` is over, if there was an answer. */
async function* followBlocks(
  { ask, leftMs }: Connection,
  { from, limit = defaultLimit }: BlocksOptions,
  clock: Clock = systemClock,
): AsyncGenerator<ApiBlock, void> {
  let height = from ?? (await heightOfNewest(ask, limit));
  let isAnswered = false;
  do {
    const page = { from: height, limit: maxPageBlocks, order: "ascending" } as const;
    const longestMs = Math.max(0, Math.floor(Math.min(maxWaitMs, leftMs())));
    const answer = await askToWait((waitMs) => ask("getBlocks", { ...page, waitMs }), longestMs, clock).catch(
      (error) => {
        if (!isAnswered || !(error instanceof TimeIsOver)) throw error;
      },
    );
    if (answer === undefined) return;
    isAnswered = true;
    yield* answer.blocks;
    const last = answer.blocks.at(-1);
    if (last === undefined) await clock.pause(pauseMs);
    else height = last.height + 1n;
  } while (leftMs() > 0);
}

/** The height of the first of the newest `count` blocks. */
async function heightOfNewest(ask: Ask, count: bigint): Promise<bigint> {
  const { lastAccepted } = await ask("getStatus", {});
  return lastAccepted.height < count ? 0n : lastAccepted.height - count + 1n;
}

function formatLine(block: ApiBlock, paint: Paint): string {
  const { id, height, timestamp } = block;
  const size = formatSize(dataOf(block).length).padStart(15);
  const end = [paint("dim", id), ...describeDoubts(block)].join("; ");
  return `${paint("bold", height.toString().padStart(8))}  ${formatIsoTime(timestamp)}  ${size}  ${end}\n`;
}
