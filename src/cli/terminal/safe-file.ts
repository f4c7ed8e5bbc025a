import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../avalanche/coded-error.ts";
import { CommandFailed } from "../command-failed.ts";

/**
 * Makes a file, which `fill` writes through a file descriptor. It has another name until all of it is on the disk, so
 * that a crash leaves the whole file or none. Throws "command failed" when `file` exists already.
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

/** Throws "command failed" when `file` exists, or is a link, even one that leads nowhere. */
export function expectNoFile(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(file);
}

/** Makes an empty file beside `file`, open for writing. Its name is random: nobody can have put a link there. */
export function createUnfinished(
  file: string,
  mode: number,
): { readonly path: string; readonly fileDescriptor: number } {
  const path = `${file}.unfinished-${randomBytes(8).toString("hex")}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return { path, fileDescriptor: openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode) };
}

/**
 * Gives an unfinished file, whose content is on the disk, its final name, and syncs that too. Throws "command failed"
 * when a file of that name was made meanwhile.
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

/** Renames a file, but replaces none, as the system would: throws EEXIST. */
function rename(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (!lacksLinks.test(codeOf(error))) throw error;
    closeSync(openSync(to, "wx")); // so that what is replaced is ours
    renameSync(from, to);
  }
}

/** The error codes of file systems without hard links, such as those of USB sticks and network shares. */
const lacksLinks = /^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/;

function alreadyThere(file: string): CommandFailed {
  return new CommandFailed(`${file}: there is such a file already`);
}
