import { lstatSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type Digest, digestFromBytes } from "../../core/digest.ts";
import { blockClaimsOf } from "../../proof/block-claims.ts";
import { type FilePath, withSuffix } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { otsSuffix, readOtsFile } from "./ots-files.ts";

/** Where the proof of a file goes. */
export type PlaceOf = (file: NamedSource) => FilePath;

/** Places proofs beside their files, or in a folder. Throws "command failed" for standard input, which has no name. */
export function placeProofs(folder: string | undefined): PlaceOf {
  return (file) => {
    if (file.kind === "input") throw new CommandFailed("standard input has no name: stamp it alone, with --output");
    const path = withSuffix<FilePath>(file.path, otsSuffix);
    return folder === undefined ? path : inFolder(folder, path);
  };
}

function inFolder(folder: string, path: FilePath): FilePath {
  if (typeof path === "string") return join(folder, basename(path));
  const start = folder.endsWith("/") ? folder : `${folder}/`;
  return Buffer.concat([Buffer.from(start), Buffer.from(basename(path.toString("latin1")), "latin1")]);
}

/** Whether there is a folder of this name. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Whether the proof of a file with this digest is in its place. Throws "command failed" for a proof of other bytes, or
 * one without a block: nothing is ever written over it.
 */
export function hasProof(path: FilePath, digest: Digest, output: Output): boolean {
  const name = path.toString();
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
  const ots = readOtsFile({ kind: "file", path, name }, output);
  if (ots.hash !== "sha256" || digestFromBytes(ots.digest) !== digest) {
    throw new CommandFailed(`${name} is the proof of another version of the file, and stays as it is`);
  }
  if (blockClaimsOf(ots).some(({ kind }) => kind === "block")) return true;
  throw new CommandFailed(`${name} names no block, and stays as it is\ntimestampvm upgrade adds the block of a stamp`);
}
