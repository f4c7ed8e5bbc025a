import { type Command, Option } from "commander";
import type { BlockReader } from "../../store/block-reader.ts";
import { privateFileMode } from "../../store/database.ts";
import { writeNewFile } from "../../store/new-file.ts";
import { helpAfter } from "../help.ts";
import { namingFile } from "../naming-file.ts";
import type { Output } from "../terminal/output.ts";
import { writeAll } from "../terminal/write-all.ts";
import { type ExportLine, formatExportLine } from "./export-lines.ts";
import { exportedLines, inFirstVersion } from "./exported-lines.ts";
import { LineCounts } from "./line-counts.ts";
import { databaseArgument, lockNote, withChain } from "./open-database.ts";

/** Writes the chain of a database as JSON Lines. */
export function addExportCommand(db: Command, output: Output): void {
  db.command("export")
    .description("write the whole chain as JSON Lines, as a backup or for other programs")
    .argument("<database>", databaseArgument)
    .option("--file <file>", "the file to write, which must not exist; - is standard output", "-")
    .addOption(
      new Option("--format-version <number>", "the version of the export: 1 is for an older timestampvm")
        .choices(["1", "2"])
        .default("2"),
    )
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The first line says which chain it is. Then comes a line for each accepted block from the first " +
            "up, with its exact bytes in base64 and when a node first saw it; one for each waiting proposal; " +
            "one for each Merkle tree of a batch, with its secret; and one for each attestation. The last line " +
            "counts them: an export without it was cut off. The command fails at a damaged block. Only its user " +
            "can read a file that it makes.",
          "To go back to an older timestampvm, which cannot open this database: stop the node, export the " +
            "database with --format-version 1, move it away, and let the older program import the export. First " +
            "sights, trees and attestations have no place in version 1: the command says how many it left out.",
          lockNote,
        ],
        examples: ["timestampvm db export chain --file chain.jsonl", "timestampvm db export chain | gzip > chain.gz"],
        exitCodes: { 1: "the database could not be read, or the export not written" },
      }),
    )
    .action((path: string, options: Options) => {
      const { there, written } = withChain(path, (reader, last) => exportTo(options, reader, last, output));
      const report = options.file === "-" ? output.err : output.out;
      report(`exported ${written.describe()}\n`);
      const missing = there.describeMissing(written);
      if (missing !== "") output.err(`left out ${missing}: version 1 of an export has no place for them\n`);
    });
}

interface Options {
  readonly file: string;
  readonly formatVersion: string;
}

/** The counts of the database, and of the export. */
interface Exported {
  readonly there: LineCounts;
  readonly written: LineCounts;
}

function exportTo({ file, formatVersion }: Options, reader: BlockReader, lastHeight: bigint, output: Output): Exported {
  const translate = formatVersion === "1" ? inFirstVersion : (line: ExportLine) => line;
  const lines = withProgress(exportedLines(reader, lastHeight), lastHeight + 1n, output);
  if (file === "-") return writeLines(lines, translate, output.out);
  const write = (fileDescriptor: number) => writeLines(lines, translate, (text) => writeAll(fileDescriptor, text));
  return namingFile(file, () => writeNewFile(file, write, privateFileMode));
}

/** Gives the lines, and shows how many blocks came so far. */
function* withProgress(lines: Iterable<ExportLine>, blocks: bigint, output: Output): Generator<ExportLine, void> {
  const progress = output.progress();
  try {
    for (const line of lines) {
      yield line;
      if (line.type === "block") progress.show(Number(line.height) + 1, Number(blocks));
    }
  } finally {
    progress.clear();
  }
}

function writeLines(
  lines: Iterable<ExportLine>,
  translate: (line: ExportLine) => ExportLine | undefined,
  write: (text: string) => void,
): Exported {
  const [there, written] = [new LineCounts(), new LineCounts()];
  const writer = new LineWriter(write);
  for (const line of lines) {
    there.add(line);
    const translated = translate(line);
    if (translated === undefined) continue;
    written.add(translated);
    writer.write(translated);
  }
  writer.flush();
  return { there, written };
}

/** Collects short lines, to write many at once. */
class LineWriter {
  readonly #write: (text: string) => void;
  #pending = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  write(line: ExportLine): void {
    this.#pending += formatExportLine(line);
    if (this.#pending.length >= maxPendingLength) this.flush();
  }

  flush(): void {
    this.#write(this.#pending);
    this.#pending = "";
  }
}

const maxPendingLength = 64 * 1024;
