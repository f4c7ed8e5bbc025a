import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../avalanche/coded-error.ts";
import { BlockReader } from "../../store/block-reader.ts";
import { BlockStore } from "../../store/block-store.ts";
import { databaseFileName } from "../../store/database.ts";
import { CommandFailed } from "../command-failed.ts";

/** Explains the argument `<database>` in the help. */
export const databaseArgument = `the file ${databaseFileName}, or its directory, as ~/.avalanchego/chainData/CHAIN_ID`;

/** For the help of commands that only read. */
export const lockNote =
  "The file is locked while it is read, so the command needs the right to write it: run it as the user who runs the " +
  "node, with the node stopped, or on a copy of yours.";

/** The database file for a path to it or to its directory. The file may be missing. */
export function locateDatabase(path: string): string {
  const isFile = existsSync(path) ? !statSync(path).isDirectory() : path.endsWith(".db");
  return isFile ? path : join(path, databaseFileName);
}

/** The same, but throws "command failed" when the file is missing or hidden from this user. */
export function findDatabase(path: string): string {
  const file = locateDatabase(path);
  try {
    statSync(file);
    return file;
  } catch (error) {
    const isHidden = codeOf(error) === "EACCES";
    const problem = isHidden ? "permission denied: run this as the user who runs the node" : "there is no such file";
    throw new CommandFailed(`${file}: ${problem}`);
  }
}

/**
 * Opens a database of any schema that holds a chain, for reading. Runs `work` on it, and closes it. Throws "command
 * failed", "database in use" or "database failed".
 */
export function withChain<T>(path: string, work: (reader: BlockReader, lastHeight: bigint) => T): T {
  const file = findDatabase(path);
  if (statSync(file).size === 0) throw new CommandFailed(`${file}: it is empty`);
  const reader = BlockReader.openAlone(file);
  try {
    const lastHeight = reader.lastHeight();
    if (lastHeight === undefined) throw new CommandFailed(`${file}: it holds no block`);
    return work(reader, lastHeight);
  } finally {
    reader.close();
  }
}

/** The same for a file of the newest schema, for changes. */
export function withStore<T>(file: string, work: (store: BlockStore) => T): T {
  const store = BlockStore.open(file);
  try {
    return work(store);
  } finally {
    store.close();
  }
}
