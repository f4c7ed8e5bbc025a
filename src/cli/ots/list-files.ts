import { lstatSync, readdirSync } from "node:fs";
import { CommandFailed } from "../command-failed.ts";
import { namingFile } from "../naming-file.ts";
import type { Listed } from "../node/each-file.ts";
import { readData } from "../read-source.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";

/** Bytes of a list of names. */
const maxListBytes = 256 * 1024 * 1024;

/**
 * Gives the files that are named, and with `isRecursive` those in folders, in the order of their names. There, symbolic
 * links are not followed. Proofs and unfinished proofs are passed over: a shell names them with the others. A folder is
 * read when its turn comes.
 */
export function* listFiles(named: Iterable<NamedSource>, isRecursive: boolean): Generator<Listed, void> {
  for (const file of named) {
    if (file.kind === "file" && isRecursive && isFolder(file)) yield* filesIn(file, isRecursive);
    else if (file.kind !== "file" || !notStamped.test(file.name)) yield file;
  }
}

/** Reads a list of names: each ends with a NUL, as of `find -print0`, or else with a line's end. */
export function readList(list: NamedSource, output: Output): readonly NamedSource[] {
  const { data } = readData(list, maxListBytes, output);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = bytes.includes(0) ? 0 : lineEnd;
  const names: NamedSource[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(end, start);
    const stop = found < 0 ? bytes.length : found;
    if (stop > start) names.push(fileOf(Buffer.from(bytes.subarray(start, stop))));
    start = stop + 1;
  }
  if (names.length === 0) throw new CommandFailed("the list of files is empty");
  return names;
}

const lineEnd = 0x0a;

export interface FileSource {
  readonly kind: "file";
  readonly path: string | Buffer;
  readonly name: string;
}

/** A name that is not UTF-8 keeps its bytes. */
function fileOf(path: Buffer): FileSource {
  const text = path.toString();
  return { kind: "file", path: Buffer.from(text).equals(path) ? text : path, name: text };
}

function isFolder({ path }: FileSource): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Gives the files in a folder, in the order of their names, like `listFiles`. */
export function* filesIn(folder: FileSource, isRecursive: boolean): Generator<Listed, void> {
  try {
    const names = namingFile(folder.name, () => readdirSync(folder.path, { encoding: "buffer" }));
    for (const name of names.toSorted(Buffer.compare)) yield* entryOf(within(folder, name), isRecursive);
  } catch (error) {
    yield { kind: "problem", file: folder, error };
  }
}

function* entryOf(file: FileSource, isRecursive: boolean): Generator<Listed, void> {
  const status = lstatSync(file.path, { throwIfNoEntry: false });
  if (status?.isDirectory()) {
    if (isRecursive) yield* filesIn(file, isRecursive);
  } else if (status?.isFile() && !notStamped.test(file.name)) yield file;
}

/** Proofs, older proofs, and those that are being written. */
const notStamped = /\.ots(\.bak)?(\.unfinished-[0-9a-f]{16})?$/;

function within({ path }: FileSource, name: Buffer): FileSource {
  const folder = Buffer.from(path);
  const slash = folder.at(-1) === slashByte ? [] : [slashByte];
  return fileOf(Buffer.concat([folder, Buffer.from(slash), name]));
}

const slashByte = 0x2f;
