import { dirname } from "node:path";
import type { Command } from "commander";
import { type FilePath, keyOfPath } from "../../store/new-file.ts";
import type { Listed } from "../node/each-file.ts";
import { expectSources, type NamedSource, type Source, type SourceOptions } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { listFiles, readList } from "./list-files.ts";
import { isFolder, type PlaceOf, placeProofs } from "./proof-place.ts";

/** The options that say what is stamped, and how. */
export interface WantedOptions extends SourceOptions {
  readonly data?: boolean;
  readonly each?: boolean;
  readonly private?: boolean;
  readonly recursive?: boolean;
  readonly filesFrom?: NamedSource;
  readonly output?: string;
  readonly wait: boolean;
}

/** What a command line wants stamped, and where the proofs go. */
export type Wanted =
  /** `place` is undefined for data without a name, of which no proof is wanted. */
  | { readonly kind: "one"; readonly source: Source; readonly place: FilePath | undefined }
  | { readonly kind: "each"; readonly files: Iterable<Listed>; readonly placeOf: PlaceOf }
  | { readonly kind: "together"; readonly files: Iterable<Listed>; readonly placeOf: PlaceOf };

/** Reads the list of files, if there is one, but no file. A command line that contradicts itself is wrong use. */
export function readWanted(
  files: readonly NamedSource[],
  options: WantedOptions,
  command: Command,
  output: Output,
): Wanted {
  expectSense(files, options, command);
  const { filesFrom, recursive = false, output: place } = options;
  const named = filesFrom === undefined ? files : readList(filesFrom, output);
  if (recursive || filesFrom !== undefined || named.length > 1) {
    if (filesFrom === undefined) expectSources(files, options, command, output);
    return several(listFiles(uniqueFiles(named), recursive), options, command);
  }
  const source = expectSources(files, options, command, output);
  if (source.kind === "files") throw new Error("one file that is several");
  if (!options.private) return { kind: "one", source, place: options.wait ? placeOfOne(source, place) : undefined };
  return { kind: "together", files: [expectFile(source, options, command)], placeOf: placeAlone(place) };
}

function expectSense(files: readonly NamedSource[], options: WantedOptions, command: Command): void {
  const { data, each, filesFrom, recursive, wait, output, text, digest } = options;
  const isTogether = !each && !data && (files.length > 1 || recursive || filesFrom !== undefined || options.private);
  const isNamed = files.length > 0 || text !== undefined || digest !== undefined;
  const contradictions = [
    [data && digest !== undefined, "--data needs the data, not its digest"],
    [options.private && (each || data), "--private hides what --each and --data show"],
    [filesFrom !== undefined && isNamed, "give files, or --files-from with a list of them"],
    [recursive && filesFrom === undefined && files.length === 0, "--recursive needs a folder"],
    [!wait && output !== undefined, "--output needs the block: leave out --no-wait"],
    [output !== undefined && !isFolder(folderOf(output)), `--output: there is no such folder: ${output}`],
    [!wait && isTogether, "files that are stamped together need the block: leave out --no-wait, or give --each"],
  ] as const;
  for (const [holds, problem] of contradictions) if (holds) command.error(`error: ${problem}`);
}

/** The folder that must be there for `--output`: a name with a slash behind it is one itself. */
function folderOf(output: string): string {
  return output.endsWith("/") ? output : dirname(output);
}

function several(files: Iterable<Listed>, { output: folder, each, data }: WantedOptions, command: Command): Wanted {
  if (folder !== undefined && !isFolder(folder))
    command.error(`error: --output: no folder for several proofs: ${folder}`);
  const placeOf = placeProofs(folder);
  const listed = folder === undefined ? files : expectOtherNames([...files], placeOf, command);
  return { kind: each || data ? "each" : "together", files: listed, placeOf };
}

/** In one folder, a second proof of the same name would never be written. */
function expectOtherNames(files: readonly Listed[], placeOf: PlaceOf, command: Command): readonly Listed[] {
  const names = new Set<string>();
  for (const file of files) {
    if (file.kind !== "file") continue;
    const path = placeOf(file);
    if (names.has(keyOfPath(path))) command.error(`error: two proofs would have the name ${path}`);
    names.add(keyOfPath(path));
  }
  return files;
}

/** A file that is named twice has one proof. */
function uniqueFiles(files: readonly NamedSource[]): readonly NamedSource[] {
  const keyOf = (file: NamedSource) => (file.kind === "file" ? keyOfPath(file.path) : "");
  return [...new Map(files.map((file) => [keyOf(file), file])).values()];
}

function placeOfOne(source: Source, output: string | undefined): FilePath | undefined {
  if (output !== undefined && !(source.kind === "file" && isFolder(output))) return output;
  return source.kind === "file" ? placeProofs(output)(source) : undefined;
}

function placeAlone(output: string | undefined): PlaceOf {
  return output === undefined || isFolder(output) ? placeProofs(output) : () => output;
}

function expectFile(source: Source, { output }: WantedOptions, command: Command): NamedSource {
  const isInput = source.kind === "input" || source.kind === "unnamed input";
  if (isInput && output === undefined) command.error("error: --private needs --output for standard input");
  if (source.kind === "file") return source;
  return isInput ? { kind: "input" } : command.error("error: --private needs a file, or standard input");
}
