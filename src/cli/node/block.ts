import type { Command } from "commander";
import { type Id, IdError, parseId } from "../../avalanche/id.ts";
import { digestOf } from "../../core/digest.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { CommandFailed } from "../command-failed.ts";
import { exitCodes } from "../terminal/exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import { createPaint } from "../terminal/paint.ts";
import { parseTime } from "../terminal/parse-time.ts";
import { type Block, formatBytes, formatData, formatRows, formatTime, parseHex } from "../terminal/show.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect, orMissing } from "./connection.ts";

interface BlockOptions extends ConnectionOptions {
  readonly at?: string;
  readonly raw?: boolean;
}

export function addBlockCommand(program: Command, output: Output): void {
  const command = program
    .command("block")
    .description("show an accepted block")
    .argument("[which]", "its height, its id, or latest (default: latest)")
    .option("--at <time>", "the last block that is not later: ISO 8601 (UTC without a zone), or Unix seconds")
    .option("--raw", "write only its data, the exact bytes");
  addConnectionOptions(command)
    .addHelpText("after", exitCodes("there is no such block, or the node was not reached"))
    .action(async (which: string | undefined, options: BlockOptions, command: Command) => {
      if (options.raw && options.json) command.error("error: --raw and --json exclude each other");
      const wanted = parseWanted(which, options.at, command);
      const block = await orMissing(getBlock(connect(command, output).ask, wanted));
      if (block === undefined) throw new CommandFailed(`no block ${describe(wanted)} is accepted`);
      show(block, options, output);
    });
}

type Wanted =
  | { readonly by: "height"; readonly height: bigint }
  | { readonly by: "id"; readonly id: Id }
  | { readonly by: "time"; readonly timestamp: bigint }
  | { readonly by: "latest" };

function parseWanted(which: string | undefined, at: string | undefined, command: Command): Wanted {
  if (at !== undefined) {
    if (which !== undefined) command.error("error: give a block or --at, not both");
    const timestamp = parseTime(at) ?? command.error(`error: --at: neither ISO 8601 nor Unix seconds: ${at}`);
    return { by: "time", timestamp };
  }
  if (which === undefined || which === "latest") return { by: "latest" };
  const height = /^\d{1,20}$/.test(which) ? BigInt(which) : 2n ** 64n;
  if (height < 2n ** 64n) return { by: "height", height };
  try {
    return { by: "id", id: parseId(which) };
  } catch (error) {
    if (!(error instanceof IdError)) throw error;
    return command.error(`error: neither a height, nor a block's id, nor latest: ${which} (${error.message})`);
  }
}

function describe(wanted: Wanted): string {
  switch (wanted.by) {
    case "height":
      return `at height ${wanted.height}`;
    case "id":
      return wanted.id;
    case "time":
      return `from before ${formatTime(wanted.timestamp)}`;
    case "latest":
      return "at all";
  }
}

async function getBlock(ask: Ask, wanted: Wanted): Promise<Block | undefined> {
  switch (wanted.by) {
    case "height":
      return (await ask("getBlockByHeight", { height: wanted.height })).block;
    case "time":
      return (await ask("getBlockAt", { timestamp: wanted.timestamp })).block;
    case "latest":
      return (await ask("getBlocks", { limit: 1 })).blocks[0];
    case "id": {
      const { block } = await ask("getBlock", { id: wanted.id });
      const { height, parent_id: parentId, timestamp, data } = block;
      return { id: wanted.id, height, parentId, timestamp, data, status: "accepted" };
    }
  }
}

function show(block: Block, { raw, json }: BlockOptions, { out, isTerminal, isColoured }: Output): void {
  if (json) return out(`${formatExactJson(block)}\n`);
  const { id, height, parentId, timestamp } = block;
  const data = parseHex(block.data);
  if (raw) return out(data);
  const rows = formatRows(
    [
      ["block", id],
      ["height", height.toString()],
      ["parent", parentId],
      ["time", `${formatTime(timestamp)} (${timestamp})`],
      ["data", formatBytes(data.length)],
      ["SHA-256", digestOf(data)],
    ],
    createPaint(isColoured),
  );
  out(data.length === 0 ? rows : `${rows}\n${formatData(data, isTerminal ? maxShownBytes : Number.POSITIVE_INFINITY)}`);
}

/** Bytes of data on a terminal: two dozen lines of text. */
const maxShownBytes = 2_000;
