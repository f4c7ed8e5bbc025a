import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BlockStore } from "../../store/block-store.ts";
import { databaseFileName } from "../../store/database.ts";
import { CommandFailed } from "../command-failed.ts";

/** What stands for `<database>` in the help of the commands. */
export const databaseArgument = `the file ${databaseFileName}, or the chain data directory that holds it`;

/** The file that a person means; it may be missing. */
export function locateDatabase(path: string): string {
  const isFile = existsSync(path) ? !statSync(path).isDirectory() : path.endsWith(".db");
  return isFile ? path : join(path, databaseFileName);
}

/** The same, of a file that must be there. */
export function findDatabase(path: string): string {
  const file = locateDatabase(path);
  if (!existsSync(file)) throw new CommandFailed(`${file}: there is no such file`);
  return file;
}

/** Runs `work` on a database that is there and holds a chain. Throws "database in use" or "database failed". */
export function withChain<T>(path: string, work: (store: BlockStore, lastHeight: bigint) => T): T {
  const file = findDatabase(path);
  if (statSync(file).size === 0) throw new CommandFailed(`${file}: it is empty`);
  const store = BlockStore.open(file);
  try {
    const lastHeight = store.lastHeight();
    if (lastHeight === undefined) throw new CommandFailed(`${file}: it holds no block`);
    return work(store, lastHeight);
  } finally {
    store.close();
  }
}
