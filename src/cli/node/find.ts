import type { Command } from "commander";
import { formatIsoTime } from "../../core/format.ts";
import { stampedDigest } from "../../core/nonce.ts";
import { describeDoubts, describeExistence } from "../../core/time-words.ts";
import { helpAfter } from "../help.ts";
import { type DescribedDigest, readSubject } from "../read-source.ts";
import {
  addNonceOption,
  addSources,
  emptyDataNote,
  expectSources,
  type NamedSource,
  type NonceOptions,
  type SourceOptions,
  severalFilesNote,
} from "../source.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows } from "../terminal/rows.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";
import { answerEach, type FileAnswer } from "./each-file.ts";
import { orFailureAsJson } from "./failure-as-json.ts";
import { type FoundBlock, findBlocks, type Sought } from "./found-blocks.ts";
import { claimNote, timeRows } from "./time-rows.ts";

interface FindOptions extends ConnectionOptions, SourceOptions, NonceOptions {}

/** Lists the blocks that carry data, or its SHA-256. */
export function addFindCommand(program: Command, output: Output): void {
  const command = program
    .command("find")
    .description("show where data was stamped: every block that carries it or its SHA-256, oldest first");
  addConnectionOptions(addNonceOption(addSources(command)))
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Sends only the SHA-256 to the node. With --json, prints each block as one line.",
          claimNote,
          severalFilesNote,
          emptyDataNote,
        ],
        examples: ["timestampvm find report.pdf", 'timestampvm find --text "for all to read"'],
        exitCodes: { 1: "it was never stamped, or the node was not reached" },
      }),
    )
    .action(async (files: readonly NamedSource[], options: FindOptions, command: Command) => {
      const source = expectSources(files, options, command, output);
      const { ask, url } = connect(command, output);
      if (source.kind === "files") {
        return answerEach(source.files, (file, quiet) => findFile(file, ask, options, quiet), options, output);
      }
      await orFailureAsJson(options.json, output, async () => {
        const subject = readSubject(source, output);
        const sought = { digest: subject.digest, nonce: options.nonce };
        if (options.json) for await (const block of findBlocks(ask, sought)) output.json(block);
        else output.out(formatFound(subject, sought, await listFound(ask, sought), url(), output.paint));
      });
    });
}

async function findFile(file: NamedSource, ask: Ask, { json }: FindOptions, output: Output): Promise<FileAnswer> {
  const sought = { digest: readSubject(file, output).digest };
  const values = await (json ? Array.fromAsync(findBlocks(ask, sought)) : listFound(ask, sought));
  return { line: `${describeExistence(values)}  height ${values[0]?.height}`, values };
}

/** Without the data, which may be large, and of many blocks. */
type ListedBlock = Omit<FoundBlock, "data">;

async function listFound(ask: Ask, sought: Sought): Promise<readonly ListedBlock[]> {
  const listed: ListedBlock[] = [];
  for await (const { data, ...block } of findBlocks(ask, sought)) listed.push(block);
  return listed;
}

function formatFound(
  { digest, description }: DescribedDigest,
  { nonce }: Sought,
  blocks: readonly ListedBlock[],
  url: string,
  paint: Paint,
): string {
  const rows = formatRows(
    [
      ["data", description],
      ["SHA-256", digest],
      ["with nonce", nonce && stampedDigest(digest, nonce)],
      ...timeRows(blocks, url, paint),
      [
        "first stamped",
        blocks[0] && `in the block at height ${blocks[0].height}, which claims ${formatIsoTime(blocks[0].timestamp)}`,
      ],
    ],
    paint,
  );
  return `${rows}${blocks.map((block) => formatLine(block, paint)).join("")}`;
}

function formatLine(block: ListedBlock, paint: Paint): string {
  const { id, height, timestamp, match } = block;
  const what = match === "data" ? "data itself" : "its SHA-256";
  const line = `${height.toString().padStart(8)}  ${formatIsoTime(timestamp)}  ${what}  ${paint("dim", id)}`;
  return `${[line, ...describeDoubts(block)].join("; ")}\n`;
}
