import { closeSync, openSync } from "node:fs";
import { codeOf } from "../avalanche/coded-error.ts";

/** The cure for EMFILE and ENFILE. */
export const raiseLimit = "raise the limit of open files (ulimit -n, LimitNOFILE= of a systemd unit) and start again";

/**
 * Throws EMFILE or ENFILE, with the cure, if this process may not open as many files as a chain needs. Call it before
 * anything is served: a listener that is out of files accepts no connection and reports no error, so its callers wait
 * for ever.
 */
export function expectOpenFiles(): void {
  const code = findLimit(neededFiles);
  if (code === undefined) return;
  throw Object.assign(new Error(`${code}: too many open files, ${neededFiles} more are needed: ${raiseLimit}`), {
    code,
  });
}

/** Whether SQLite could not open a file because too many are open. Its own error does not say so. */
export function lacksFiles(): boolean {
  return findLimit(databaseFiles) !== undefined;
}

/** Twice what a plugin opens: the database, threads, listeners, connections from and to the node, its `--version`. */
const neededFiles = 48;
/** The file, its log or journal, its directory, and one that was closed when opening failed. */
const databaseFiles = 4;

/** Opens `count` files at once, and closes them again. Gives the system's error code if it may not. */
function findLimit(count: number): string | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return isLimit(code) ? code : undefined;
  } finally {
    for (const fileDescriptor of opened) closeSync(fileDescriptor);
  }
}

/** Whether this error code of the system means that no more files may be open. */
export function isLimit(code: string): boolean {
  return code === "EMFILE" || code === "ENFILE";
}
