import { closeSync, existsSync, fstatSync, mkdirSync, openSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { BlockReader } from "../../store/block-reader.ts";
import { privateDirectoryMode } from "../../store/database.ts";
import { expectNoLogs, makeDatabase } from "../../store/new-database.ts";
import { unfinishedNameOf } from "../../store/new-file.ts";
import { absolutePath } from "../absolute-path.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { namingFile } from "../naming-file.ts";
import type { Output } from "../terminal/output.ts";
import { ImportedChain } from "./imported-chain.ts";
import { databaseArgument, locateDatabase } from "./open-database.ts";

/** Makes a database from an export, and verifies every block. */
export function addImportCommand(db: Command, output: Output): void {
  db.command("import")
    .description("make a database from an export, and verify every block of it")
    .argument("<database>", databaseArgument)
    .requiredOption("--file <file>", "the export; - is standard input")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The database must be missing or empty. It is made whole or not at all. Like a copy, it belongs to " +
            "the node whose database was exported: there, the chain opens at its own height or at the height " +
            "that the node's database knows, whichever is lower. At any other node it opens at its first block. " +
            "Until all is imported, the file is named …unfinished-…: one that a killed import left can be " +
            "removed.",
          "Reads exports of versions 1 and 2.",
        ],
        examples: [
          "timestampvm db import copy --file chain.jsonl",
          "gunzip < chain.gz | timestampvm db import copy2 --file -",
        ],
        exitCodes: { 1: "the export is not sound, or the database is in the way" },
      }),
    )
    .action((path: string, { file }: { file: string }) => {
      const target = locateDatabase(path);
      const fileDescriptor = file === "-" ? 0 : namingFile(file, () => openExport(file));
      try {
        importInto(target, new ImportedChain(file === "-" ? "standard input" : file, fileDescriptor), output);
      } finally {
        if (fileDescriptor > 0) closeSync(fileDescriptor);
      }
    });
}

/** The system opens a directory, and refuses only to read it. */
function openExport(file: string): number {
  const fileDescriptor = openSync(file, "r");
  if (!fstatSync(fileDescriptor).isDirectory()) return fileDescriptor;
  closeSync(fileDescriptor);
  throw new CommandFailed(`${file}: it is a directory`);
}

function importInto(file: string, chain: ImportedChain, output: Output): void {
  refuseUnlessVacant(file);
  const instanceId = chain.readInstanceId();
  namingFile(file, () => withDirectory(absolutePath(dirname(file)), () => make(file, instanceId, chain, output)));
  output.out(`imported ${chain.counts.describe()} into ${file}\n`);
  output.out(`last accepted  ${chain.lastAccepted}\n`);
}

/** Runs `work` in a directory. Makes it if it is missing, and removes it again if `work` throws. */
function withDirectory(directory: string, work: () => void): void {
  const first = mkdirSync(directory, { recursive: true, mode: privateDirectoryMode });
  try {
    work();
  } catch (error) {
    if (first !== undefined) removeEmpty(directory, resolve(first));
    throw error;
  }
}

/** Removes directories from `directory` up to `last`, as long as nothing is in them. */
function removeEmpty(directory: string, last: string): void {
  try {
    rmdirSync(directory);
  } catch {
    return; // somebody else has put something there
  }
  if (directory !== last) removeEmpty(dirname(directory), last);
}

function make(file: string, instanceId: Uint8Array, chain: ImportedChain, output: Output): void {
  const progress = output.progress();
  const check = () => {
    if (refuseUnlessVacant(file)) rmSync(file);
  };
  try {
    const making = { file, unfinished: unfinishedNameOf(file), instanceId, check };
    for (const [blocks, total] of makeDatabase(making, (store) => chain.readInto(store))) {
      progress.show(Number(blocks), Number(total));
    }
  } finally {
    progress.clear();
  }
}

/**
 * Gives whether there is a file, which is an empty database then. Throws when it holds something, or when a node has it
 * open: only a person may remove a chain.
 */
function refuseUnlessVacant(file: string): boolean {
  const isThere = existsSync(file);
  if (isThere && statSync(file).size > 0) {
    const reader = BlockReader.openAlone(file);
    const isVacant = reader.lastHeight() === undefined && reader.proposals.count() === 0 && reader.trees.count() === 0;
    reader.close();
    if (!isVacant) throw new CommandFailed(`${file}: it holds a chain already; move it away first`);
  }
  expectNoLogs(file);
  return isThere;
}
