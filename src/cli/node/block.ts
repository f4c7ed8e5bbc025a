import type { Command } from "commander";
import { type Id, IdError, parseId } from "../../avalanche/id.ts";
import { type ApiBlock, dataOf } from "../../client/answered-block.ts";
import { digestOf } from "../../core/digest.ts";
import { formatIsoTime, formatSize, showData } from "../../core/format.ts";
import { parseTime, timeForms, timeProblem } from "../../core/time-text.ts";
import { describeClaim } from "../../core/time-words.ts";
import { parseU64 } from "../../core/u64.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import type { Output } from "../terminal/output.ts";
import { formatRows } from "../terminal/rows.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect, orMissing } from "./connection.ts";
import { claimNote } from "./time-rows.ts";

interface BlockOptions extends ConnectionOptions {
  readonly at?: string;
  readonly raw?: boolean;
}

/** Prints an accepted block, or its data. */
export function addBlockCommand(program: Command, output: Output): void {
  const command = program
    .command("block")
    .description("show an accepted block")
    .argument("[which]", "its height, its id, or latest (default: latest)")
    .option("--at <time>", `the last block at or before this time: ${timeForms}`)
    .option("--raw", "print only its data, as the exact bytes");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [claimNote],
        examples: ["timestampvm block", "timestampvm block 0 --raw", "timestampvm block --at 2045-01-01T12:00:00Z"],
        exitCodes: { 1: "there is no such block, or the node was not reached" },
      }),
    )
    .action(async (which: string | undefined, options: BlockOptions, command: Command) => {
      if (options.raw && options.json) command.error("error: give --raw or --json, not both");
      const wanted = parseWanted(which, options.at, command);
      const { ask, url } = connect(command, output);
      const block = await orMissing(getBlock(ask, wanted));
      if (block === undefined) throw new CommandFailed(`no block ${describe(wanted)} is accepted`);
      print(block, url(), options, output);
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
    const timestamp = parseTime(at) ?? command.error(`error: --at: ${timeProblem(at)}: ${at}`);
    return { by: "time", timestamp };
  }
  if (which === undefined || which === "latest") return { by: "latest" };
  const height = parseU64(which);
  if (height !== undefined) return { by: "height", height };
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
      return `from before ${formatIsoTime(wanted.timestamp)}`;
    case "latest":
      return "at all";
  }
}

async function getBlock(ask: Ask, wanted: Wanted): Promise<ApiBlock | undefined> {
  switch (wanted.by) {
    case "height":
      return (await ask("getBlockByHeight", { height: wanted.height })).block;
    case "time":
      return (await ask("getBlockAt", { timestamp: wanted.timestamp })).block;
    case "latest":
      return (await ask("getBlocks", { limit: 1 })).blocks[0];
    case "id": {
      const { block, ...known } = await ask("getBlock", { id: wanted.id });
      const { height, parent_id: parentId, timestamp, data } = block;
      return { id: wanted.id, height, parentId, timestamp, data, status: "accepted", ...known };
    }
  }
}

function print(block: ApiBlock, url: string, { raw, json: asJson }: BlockOptions, output: Output): void {
  const { out, json, paint, isTerminal } = output;
  if (asJson) return json(block);
  const { id, height, parentId, timestamp, firstSight } = block;
  const data = dataOf(block);
  if (raw) return out(data);
  const rows = formatRows(
    [
      ["block", id],
      ["height", height.toString()],
      ["parent", parentId],
      ["time", `${formatIsoTime(timestamp)} (${timestamp}), ${describeClaim(block)}`],
      ["first seen", firstSight?.own ? `${formatIsoTime(firstSight.time)} by this node` : undefined],
      ["said by", `the node at ${url}`],
      ["data", formatSize(data.length)],
      ["SHA-256", digestOf(data)],
    ],
    paint,
  );
  out(data.length === 0 ? rows : `${rows}\n${formatData(data, isTerminal ? maxShownBytes : Number.POSITIVE_INFINITY)}`);
}

/** Bytes of data that a terminal shows: two dozen lines of text. */
const maxShownBytes = 2_000;

/** The data of a block, indented, so that it cannot look like our own output. */
function formatData(data: Uint8Array, maxBytes: number): string {
  const { text, hiddenBytes } = showData(data, maxBytes);
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const rest = hiddenBytes > 0 ? `… and ${formatSize(hiddenBytes)} more: --raw writes them all\n` : "";
  return `${lines.map((line) => `  ${line}\n`).join("")}${rest}`;
}
