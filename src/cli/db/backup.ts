import { dirname } from "node:path";
import type { Command } from "commander";
import { countOf } from "../../core/format.ts";
import { askOperated } from "../../operator/ask.ts";
import { backUp } from "../../store/backup.ts";
import type { BlockReader } from "../../store/block-reader.ts";
import type { CopyProgress } from "../../store/copy-chain.ts";
import { FileError } from "../../store/errors.ts";
import { unfinishedNameOf } from "../../store/new-file.ts";
import { runSteps } from "../../store/run-steps.ts";
import { absolutePath } from "../absolute-path.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import type { Output } from "../terminal/output.ts";
import { databaseArgument, findDatabase, withChain } from "./open-database.ts";

/** Copies a database. While a node uses it, the node's process makes the copy. */
export function addBackupCommand(db: Command, output: Output): void {
  db.command("backup")
    .description("copy the database into a new file, also while a node uses it")
    .argument("<database>", databaseArgument)
    .requiredOption("--file <file>", "the copy, a file that must not exist")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "If a node uses the database, the node makes the copy, and goes on: run the command as its user, " +
            "who must be able to write the file. Every block is verified. The copy is made whole or not at all, " +
            "and only that user can read it. Ctrl-C ends the command. An unfinished copy is named " +
            "…unfinished-…: one that a killed process left can be removed.",
          "To restore a copy, stop the node, and move the copy to the place of its database. It belongs to " +
            "the node whose database was copied: there, the chain opens at the copy's height or at the height " +
            "that the node's database knows, whichever is lower, and goes on with the blocks of its peers. At " +
            "any other node it opens at its first block.",
        ],
        examples: ["timestampvm db backup chain --file backup.db"],
        exitCodes: { 1: "no copy was made" },
      }),
    )
    .action((path: string, { file }: { file: string }) => backup(path, fileOf(file), output));
}

/** Other commands take "-" for a stream, which a database cannot be. */
function fileOf(given: string): string {
  if (given === "-") throw new CommandFailed("--file must name a file: a backup cannot go to standard output");
  return absolutePath(given);
}

/** What a backup holds. */
interface Made {
  readonly blocks: bigint;
  readonly proposals: bigint | number;
  readonly lastAccepted: string;
}

type OnProgress = (progress: CopyProgress) => void;

async function backup(path: string, file: string, output: Output): Promise<void> {
  const progress = output.progress();
  const show = ({ blocks, total }: CopyProgress) => progress.show(Number(blocks), Number(total));
  try {
    const { blocks, proposals, lastAccepted } = await copy(path, file, show);
    progress.clear();
    output.out(`backed up ${countOf(blocks, "block")} and ${countOf(proposals, "proposal")} as ${file}\n`);
    output.out(`last accepted  ${lastAccepted}\n`);
  } finally {
    progress.clear();
  }
}

async function copy(path: string, file: string, onProgress: OnProgress): Promise<Made> {
  try {
    return withChain(path, (store) => copyHere(store, file, onProgress));
  } catch (error) {
    if (!(error instanceof FileError && error.refusal.code === "database in use")) throw error;
  }
  return askForCopy(dirname(findDatabase(path)), file, onProgress);
}

function copyHere(from: BlockReader, file: string, onProgress: OnProgress): Made {
  return runSteps(backUp(from, { file, unfinished: unfinishedNameOf(file) }), onProgress);
}

async function askForCopy(directory: string, file: string, onProgress: OnProgress): Promise<Made> {
  const done = await askOperated(directory, { do: "back up", file }, (line) => {
    if ("progress" in line) onProgress(line.progress);
  });
  if (!("backup" in done)) throw new CommandFailed("the node gave an answer of another kind");
  return done.backup;
}
