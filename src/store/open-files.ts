import { closeSync, openSync } from "node:fs";

/** What an operator does about EMFILE and ENFILE. */
export const raiseLimit = "raise the limit of open files (ulimit -n, LimitNOFILE= of a systemd unit) and start again";

/**
 * Throws EMFILE or ENFILE, with the cure, where this process may not open as many files as a chain needs. To be asked
 * before anything is served: a listener that can accept no connection does not say so, and its callers wait for ever.
 */
export function expectOpenFiles(): void {
  const code = findLimit(neededFiles);
  if (code === undefined) return;
  throw Object.assign(new Error(`${code}: too many open files, ${neededFiles} more are needed: ${raiseLimit}`), {
    code,
  });
}

/** Whether that is why SQLite could not open a file, of which it says nothing more. */
export function lacksFiles(): boolean {
  return findLimit(databaseFiles) !== undefined;
}

/** Twice what a plugin opens: the database, its listeners and their connections, those to the node, and its `--version`. */
const neededFiles = 32;
/** The file, its log or journal, its directory, and one that was closed when opening failed. */
const databaseFiles = 4;

/** Opens so many files at once, and closes them again. Gives the system's code where it may not. */
function findLimit(count: number): string | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
    return undefined;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    return isLimit(code) ? code : undefined;
  } finally {
    for (const fileDescriptor of opened) closeSync(fileDescriptor);
  }
}

/** Whether a code of the system says that no more files may be open. */
export function isLimit(code: string): boolean {
  return code === "EMFILE" || code === "ENFILE";
}
