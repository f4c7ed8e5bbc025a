import type { Command } from "commander";
import type { ResultOf } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import type { Digest } from "../../core/digest.ts";
import { formatIsoTime } from "../../core/format.ts";
import { stampedDigest } from "../../core/nonce.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { readSubject } from "../read-source.ts";
import {
  addNonceOption,
  addSource,
  emptyDataNote,
  expectSource,
  type NamedSource,
  type NonceOptions,
  type SourceOptions,
} from "../source.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows } from "../terminal/rows.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";

interface FindOptions extends ConnectionOptions, SourceOptions, NonceOptions {}

type FoundBlock = ResultOf<"find">["blocks"][number];

/** Lists the blocks that carry data, or its SHA-256. */
export function addFindCommand(program: Command, output: Output): void {
  const command = program
    .command("find")
    .description("show where data was stamped: every block that carries it or its SHA-256, oldest first");
  addConnectionOptions(addNonceOption(addSource(command)))
    .addHelpText(
      "after",
      helpAfter({
        notes: ["Sends only the SHA-256 to the node. With --json, prints each block as one line.", emptyDataNote],
        examples: ["timestampvm find report.pdf", 'timestampvm find --text "for all to read"'],
        exitCodes: { 1: "it was never stamped, or the node was not reached" },
      }),
    )
    .action(async (file: NamedSource | undefined, options: FindOptions, command: Command) => {
      const source = expectSource(file, options, command, output);
      const { ask } = connect(command, output);
      const { digest: given, description } = readSubject(source, output);
      const digest = stampedDigest(given, options.nonce);
      let count = 0;
      for await (const block of findBlocks(ask, digest)) {
        if (options.json) output.json(block);
        else {
          const head = count === 0 ? formatHead(digest, description, block, output.paint) : "";
          output.out(`${head}${formatLine(block, output.paint)}`);
        }
        count++;
      }
      if (count === 0)
        throw new CommandFailed(`not found: no accepted block carries ${digest}, or data of this SHA-256`);
    });
}

async function* findBlocks(ask: Ask, digest: Digest): AsyncGenerator<FoundBlock, void> {
  let from = 0n;
  for (;;) {
    const { blocks, next } = await ask("find", { digest, from, limit: maxPageBlocks });
    yield* blocks;
    if (next === undefined) return;
    if (next <= from) throw new CommandFailed("the node gives the same blocks again");
    from = next;
  }
}

function formatHead(digest: Digest, description: string | undefined, first: FoundBlock, paint: Paint): string {
  return formatRows(
    [
      ["data", description],
      ["SHA-256", digest],
      ["first stamped", paint("bold", formatIsoTime(first.timestamp))],
    ],
    paint,
  );
}

function formatLine({ id, height, timestamp, match }: FoundBlock, paint: Paint): string {
  const what = match === "data" ? "data itself" : "its SHA-256";
  return `${height.toString().padStart(8)}  ${formatIsoTime(timestamp)}  ${what}  ${paint("dim", id)}\n`;
}
