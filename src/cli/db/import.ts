import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import type { Command } from "commander";
import { VmError } from "../../core/errors.ts";
import { BlockStore } from "../../store/block-store.ts";
import { CommandFailed } from "../command-failed.ts";
import { countOf } from "../counts.ts";
import type { Output } from "../output.ts";
import { Progress } from "../progress.ts";
import { finish } from "../safe-file.ts";
import { ImportedChain } from "./imported-chain.ts";
import { databaseArgument, locateDatabase } from "./open-database.ts";

export function addImportCommand(db: Command, output: Output): void {
  db.command("import")
    .description("make a database from an export, of which every block is verified")
    .argument("<database>", databaseArgument)
    .requiredOption("--file <file>", "the export; - is standard input")
    .addHelpText(
      "after",
      "\nThe database must not be there yet, or hold nothing. It comes into being whole or not at all. Like a database that\n" +
        "was copied, it belongs to the node whose chain data directory was exported: there the chain opens at the lower of\n" +
        "its own height and the one that the node's database knows, and with any other node's database at its first block.",
    )
    .action((path: string, { file }: { file: string }) => {
      const target = locateDatabase(path);
      const fileDescriptor = file === "-" ? 0 : openSync(file, "r");
      try {
        importInto(target, new ImportedChain(file === "-" ? "standard input" : file, fileDescriptor), output);
      } finally {
        if (fileDescriptor > 0) closeSync(fileDescriptor);
      }
    });
}

function importInto(target: string, chain: ImportedChain, { out, err, isWatched }: Output): void {
  const progress = new Progress(isWatched ? err : undefined);
  const unfinished = `${target}.unfinished`;
  refuseUnlessVacant(target);
  removeLeftOver(unfinished);
  try {
    const store = BlockStore.open(unfinished, chain.readInstanceId());
    try {
      store.setDurability("normal"); // synced once, by the close
      chain.readInto(store, progress);
    } finally {
      store.close();
    }
    refuseUnlessVacant(target);
    finish(unfinished, target);
  } finally {
    progress.clear();
    removeDatabase(unfinished);
  }
  const { blocks, proposals, lastAccepted } = chain;
  out(`imported ${countOf(blocks, "block")} and ${countOf(proposals, "proposal")} into ${target}\n`);
  out(`last accepted  ${lastAccepted}\n`);
}

/** A node that runs holds the file; whatever is in one goes only by the hand of a person. */
function refuseUnlessVacant(file: string): void {
  if (existsSync(file)) {
    const store = BlockStore.open(file);
    const isVacant = store.lastHeight() === undefined && store.proposals.count() === 0;
    store.close();
    if (!isVacant) throw new CommandFailed(`${file}: it holds a chain already; move it away first`);
  }
  for (const log of logsOf(file)) {
    // SQLite would take what is in it for a part of the new file.
    if (existsSync(log)) throw new CommandFailed(`${log}: it belongs to a database that was here; move it away first`);
  }
}

/** Of an import that was killed. */
function removeLeftOver(unfinished: string): void {
  try {
    if (existsSync(unfinished)) BlockStore.open(unfinished).close();
  } catch (error) {
    if (!(error instanceof VmError) || error.refusal.code === "database in use") throw error;
  }
  removeDatabase(unfinished);
}

function removeDatabase(file: string): void {
  for (const path of [file, ...logsOf(file)]) rmSync(path, { force: true });
}

function logsOf(file: string): readonly string[] {
  return [`${file}-wal`, `${file}-journal`];
}
