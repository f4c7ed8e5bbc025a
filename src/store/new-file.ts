import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../avalanche/coded-error.ts";

// Files that are made whole or not at all. None of these is ever a database that this process has open.

/**
 * Makes a file, which `fill` writes through a file descriptor. It has another name until all of it is on the disk, so
 * that a crash leaves the whole file or none. The user's umask is taken off its mode. Throws EEXIST when `file` exists
 * already.
 */
export function writeNewFile<T>(file: string, fill: (fileDescriptor: number) => T, mode = 0o666): T {
  expectNoFile(file);
  const unfinished = unfinishedNameOf(file);
  const fileDescriptor = createFile(unfinished, mode);
  try {
    const made = fill(fileDescriptor);
    fsyncSync(fileDescriptor);
    finish(unfinished, file);
    return made;
  } finally {
    closeSync(fileDescriptor);
    rmSync(unfinished, { force: true });
  }
}

/** Throws EEXIST when `file` exists, or is a link, even one that leads nowhere. */
export function expectNoFile(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(file);
}

/** A name beside `file` for what will become it. It is random: nobody can have put a link there. */
export function unfinishedNameOf(file: string): string {
  return `${file}.unfinished-${randomBytes(8).toString("hex")}`;
}

/** Makes an empty file, and gives its file descriptor, open for writing. Throws the system's error. */
export function createFile(path: string, mode: number): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/**
 * Gives an unfinished file, whose content is on the disk, its final name, and syncs that too. Throws EEXIST when a file
 * of that name was made meanwhile.
 */
export function finish(unfinished: string, file: string): void {
  try {
    rename(unfinished, file);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? alreadyThere(file) : error;
  }
  sync(dirname(file));
}

/** The same, but it takes the place of the file that has the name. */
export function replaceFile(unfinished: string, file: string): void {
  renameSync(unfinished, file);
  sync(dirname(file));
}

/** Writes a file, or the names in a directory, to the disk. */
export function sync(path: string): void {
  const fileDescriptor = openSync(path, "r");
  try {
    fsyncSync(fileDescriptor);
  } finally {
    closeSync(fileDescriptor);
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

function alreadyThere(file: string): Error {
  return Object.assign(new Error(`${file}: there is such a file already`), { code: "EEXIST" });
}
