import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../avalanche/coded-error.ts";

// Files that are made as a whole or not at all. Never use this on a database that this process has open.

/** Bytes for a name that is not UTF-8. */
export type FilePath = string | Buffer;

/**
 * Makes a file, which `fill` writes through a file descriptor. It has another name until all of it is on the disk, so
 * that a crash leaves the whole file or none. The user's umask applies to `mode`. Throws EEXIST if `file` exists.
 */
export function writeNewFile<T>(file: FilePath, fill: (fileDescriptor: number) => T, mode = 0o666): T {
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

/** Throws EEXIST if `file` exists, or is a link, even to a missing file. */
export function expectNoFile(file: FilePath): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(file);
}

/** A name for `file` until it is whole. It is random, so that nobody can have put a link there. */
export function unfinishedNameOf<Path extends FilePath>(file: Path): Path;
export function unfinishedNameOf(file: FilePath): FilePath {
  return withSuffix(file, `.unfinished-${randomBytes(8).toString("hex")}`);
}

/** A key for each path, even for one that is not UTF-8. */
export function keyOfPath(path: FilePath): string {
  return Buffer.from(path).toString("latin1");
}

/** A path with more at its end, such as `.bak`. */
export function withSuffix<Path extends FilePath>(file: Path, suffix: string): Path;
export function withSuffix(file: FilePath, suffix: string): FilePath {
  return typeof file === "string" ? `${file}${suffix}` : Buffer.concat([file, Buffer.from(suffix)]);
}

/** Makes an empty file, and gives a file descriptor for writing. Throws the system's error. */
export function createFile(path: FilePath, mode: number): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/** Renames an unfinished file like `nameFile`, and syncs the name. */
export function finish(unfinished: FilePath, file: FilePath): void {
  nameFile(unfinished, file);
  sync(folderOf(file));
}

/**
 * Renames an unfinished file, whose content is on the disk, to its final name. Throws EEXIST if a file of that name was
 * made meanwhile.
 */
export function nameFile(unfinished: FilePath, file: FilePath): void {
  try {
    rename(unfinished, file);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? alreadyThere(file) : error;
  }
}

/** The same, but replaces the file that has the name. */
export function replaceFile(unfinished: FilePath, file: FilePath): void {
  renameSync(unfinished, file);
  sync(folderOf(file));
}

/** The folder of a file. Latin-1 keeps each byte of a name. */
export function folderOf(file: FilePath): FilePath {
  return typeof file === "string" ? dirname(file) : Buffer.from(dirname(file.toString("latin1")), "latin1");
}

/** Syncs a file, or the names in a directory. */
export function sync(path: FilePath): void {
  const fileDescriptor = openSync(path, "r");
  try {
    fsyncSync(fileDescriptor);
  } finally {
    closeSync(fileDescriptor);
  }
}

/** Renames a file. Unlike the system's `rename`, throws EEXIST instead of replacing a file. */
function rename(from: FilePath, to: FilePath): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (!lacksLinks.test(codeOf(error))) throw error;
    closeSync(openSync(to, "wx")); // the file that `renameSync` replaces is then ours
    renameSync(from, to);
  }
}

/** The error codes of file systems without hard links, such as those of USB sticks and network shares. */
const lacksLinks = /^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/;

function alreadyThere(file: FilePath): Error {
  return Object.assign(new Error(`${file}: there is such a file already`), { code: "EEXIST" });
}
