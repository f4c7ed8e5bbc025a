import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { CommandFailed } from "../command-failed.ts";

/**
 * Lets `fill` write a new file, open as the number it gets, under another name, and gives it its own once all is on the
 * disk: after a crash there is the whole file or none. Throws "command failed" when there is a file already.
 */
export function writeNewFile<T>(file: string, fill: (fileDescriptor: number) => T): T {
  expectNoFile(file);
  const unfinished = createUnfinished(file, 0o666);
  try {
    const made = fill(unfinished.fileDescriptor);
    fsyncSync(unfinished.fileDescriptor);
    finish(unfinished.path, file);
    return made;
  } finally {
    closeSync(unfinished.fileDescriptor);
    rmSync(unfinished.path, { force: true });
  }
}

/** Throws "command failed" when there is one, or a link that leads to none. */
export function expectNoFile(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(file);
}

/** A new file beside `file`, empty and open for writing. Nobody can know its name before, or have put a link there. */
export function createUnfinished(
  file: string,
  mode: number,
): { readonly path: string; readonly fileDescriptor: number } {
  const path = `${file}.unfinished-${randomBytes(8).toString("hex")}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return { path, fileDescriptor: openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode) };
}

/**
 * Gives a file, whose content is on the disk, its own name; and the name is on the disk, too. Throws "command failed" when
 * a file of that name has come meanwhile.
 */
export function finish(unfinished: string, file: string): void {
  try {
    rename(unfinished, file);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? alreadyThere(file) : error;
  }
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Unlike the system's, it replaces nothing: throws EEXIST. */
function rename(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (!lacksLinks.test(codeOf(error))) throw error;
    closeSync(openSync(to, "wx")); // what is replaced is ours
    renameSync(from, to);
  }
}

/** What file systems without hard links say: those of USB sticks, of other machines, … */
const lacksLinks = /^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/;

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}

function alreadyThere(file: string): CommandFailed {
  return new CommandFailed(`${file}: there is such a file already`);
}
