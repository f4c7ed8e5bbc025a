import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { BlockStore } from "../../store/block-store.ts";
import { privateDirectoryMode, privateFileMode } from "../../store/database.ts";
import { CommandFailed } from "../command-failed.ts";
import { countOf } from "../terminal/counts.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { createUnfinished, finish } from "../terminal/safe-file.ts";
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
        "its own height and the one that the node's database knows, and with any other node's database at its first block.\n" +
        "Until it is whole it is beside its place, named …unfinished-…: what an import that was killed left can be removed.",
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
  const progress = new ProgressLine(isWatched ? err : undefined);
  refuseUnlessVacant(target);
  const instanceId = chain.readInstanceId();
  const unfinished = createFile(target);
  try {
    const store = BlockStore.open(unfinished, instanceId);
    try {
      store.setDurability("normal"); // synced once, by the close
      chain.readInto(store, progress);
    } finally {
      store.close();
    }
    if (refuseUnlessVacant(target)) rmSync(target);
    finish(unfinished, target);
  } finally {
    progress.clear();
    for (const path of [unfinished, ...logsOf(unfinished)]) rmSync(path, { force: true });
  }
  const { blocks, proposals, lastAccepted } = chain;
  out(`imported ${countOf(blocks, "block")} and ${countOf(proposals, "proposal")} into ${target}\n`);
  out(`last accepted  ${lastAccepted}\n`);
}

/**
 * Gives whether there is a file, which then holds nothing. Throws where one holds something, or is in use: a node that runs
 * holds the file, and whatever is in one goes only by the hand of a person.
 */
function refuseUnlessVacant(file: string): boolean {
  const isThere = existsSync(file);
  if (isThere) {
    const store = BlockStore.open(file);
    const isVacant = store.lastHeight() === undefined && store.proposals.count() === 0;
    store.close();
    if (!isVacant) throw new CommandFailed(`${file}: it holds a chain already; move it away first`);
  }
  for (const log of logsOf(file)) {
    // SQLite would take what is in it for a part of the new file.
    if (existsSync(log)) throw new CommandFailed(`${log}: it belongs to a database that was here; move it away first`);
  }
  return isThere;
}

/** An empty file beside `target`, which becomes the database. */
function createFile(target: string): string {
  mkdirSync(dirname(target), { recursive: true, mode: privateDirectoryMode });
  const { path, fileDescriptor } = createUnfinished(target, privateFileMode);
  closeSync(fileDescriptor);
  return path;
}

function logsOf(file: string): readonly string[] {
  return [`${file}-wal`, `${file}-journal`];
}
