import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { type FilePath, withSuffix } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import type { NamedSource } from "../source.ts";
import { otsSuffix } from "./ots-files.ts";

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
