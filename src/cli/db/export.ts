import type { Command } from "commander";
import { countOf } from "../../core/format.ts";
import type { BlockStore } from "../../store/block-store.ts";
import { writeNewFile } from "../../store/new-file.ts";
import { storedIdOf } from "../../store/reencoded.ts";
import type { Output } from "../terminal/output.ts";
import type { ProgressLine } from "../terminal/progress-line.ts";
import { writeAll } from "../terminal/write-all.ts";
import { type ExportLine, exportVersion, formatExportLine } from "./export-lines.ts";
import { databaseArgument, withChain } from "./open-database.ts";

/** Writes the chain of a database as JSON Lines. */
export function addExportCommand(db: Command, output: Output): void {
  db.command("export")
    .description("write the whole chain as JSON Lines, as a backup or for other programs")
    .argument("<database>", databaseArgument)
    .option("--file <file>", "where to write it, a file that is not there yet; - is standard output", "-")
    .addHelpText(
      "after",
      "\nThe first line says which chain it is. Then comes a line for each accepted block from the first up, with\n" +
        "its exact bytes in base64, and a line for each waiting proposal. The last line counts them: an export\n" +
        "without it was cut off. The command fails at a damaged block.",
    )
    .action((path: string, { file }: { file: string }) => {
      const count = withChain(path, (store, last) => exportTo(file, store, last, output));
      const report = file === "-" ? output.err : output.out;
      report(`exported ${countOf(count.blocks, "block")} and ${countOf(count.proposals, "proposal")}\n`);
    });
}

function exportTo(file: string, store: BlockStore, lastHeight: bigint, output: Output) {
  if (file === "-") return exportChain(store, lastHeight, output.out, output);
  return writeNewFile(file, (fileDescriptor) =>
    exportChain(store, lastHeight, (text) => writeAll(fileDescriptor, text), output),
  );
}

function exportChain(store: BlockStore, lastHeight: bigint, write: (text: string) => void, output: Output) {
  const progress = output.progress();
  try {
    return writeLines(store, lastHeight, write, progress);
  } finally {
    progress.clear();
  }
}

/** Writes all lines. Gives how many blocks and proposals there were. Holds two blocks at a time. */
function writeLines(store: BlockStore, lastHeight: bigint, write: (text: string) => void, progress: ProgressLine) {
  const lines = new LineWriter(write);
  lines.write({
    type: "chain",
    version: exportVersion,
    instanceId: store.instanceId.toHex(),
    genesis: store.expectBlockAtHeight(0n).id,
    lastAccepted: store.lastAccepted().id,
    height: lastHeight,
  });
  for (const block of store.history(0n, lastHeight)) {
    const { height, id, bytes } = block;
    lines.write({ type: "block", height, id, storedId: storedIdOf(block), bytes });
    progress.show(Number(height) + 1, Number(lastHeight) + 1);
  }
  let proposals = 0n;
  for (const { since, peer, data } of store.proposals.readAll()) {
    lines.write({ type: "proposal", since, peer, data });
    proposals++;
  }
  const blocks = lastHeight + 1n;
  lines.write({ type: "end", blocks, proposals });
  lines.flush();
  return { blocks, proposals };
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
