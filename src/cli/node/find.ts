import type { Command } from "commander";
import type { ResultOf } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import type { Digest } from "../../core/digest.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { CommandFailed } from "../command-failed.ts";
import { addSubjectOptions, expectSource, fileArgument, readSubject, type SubjectOptions } from "../subject.ts";
import { exitCodes } from "../terminal/exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import { createPaint, type Paint } from "../terminal/paint.ts";
import { formatRows, formatTime } from "../terminal/show.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";

type FoundBlock = ResultOf<"find">["blocks"][number];

export function addFindCommand(program: Command, output: Output): void {
  const command = program
    .command("find")
    .description("tell when data was stamped: every block that carries it, or its SHA-256, first one first")
    .argument("[file]", fileArgument);
  addConnectionOptions(addSubjectOptions(command))
    .addHelpText(
      "after",
      "\nOnly the SHA-256 is sent to the node. With --json a whole block a line." +
        `\n${exitCodes("it was never stamped, or the node was not reached")}`,
    )
    .action(async (file: string | undefined, options: ConnectionOptions & SubjectOptions, command: Command) => {
      const source = expectSource(file, options, command, output);
      const { ask } = connect(command, output);
      const { digest, description } = readSubject(source, output);
      const paint = createPaint(output.isColoured);
      let count = 0;
      for await (const block of findBlocks(ask, digest)) {
        if (options.json) output.out(`${formatExactJson(block)}\n`);
        else
          output.out(`${count === 0 ? formatHead(digest, description, block, paint) : ""}${formatLine(block, paint)}`);
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
      ["first stamped", paint("bold", formatTime(first.timestamp))],
    ],
    paint,
  );
}

function formatLine({ id, height, timestamp, match }: FoundBlock, paint: Paint): string {
  const what = match === "data" ? "data itself" : "its SHA-256";
  return `${height.toString().padStart(8)}  ${formatTime(timestamp)}  ${what}  ${paint("dim", id)}\n`;
}
