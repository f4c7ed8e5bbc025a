import { statSync } from "node:fs";
import type { Digest } from "../../core/digest.ts";
import { escapeLine } from "../../core/printable.ts";
import type { FilePath } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { failureOf } from "../failure.ts";
import type { Listed } from "../node/each-file.ts";
import { type DescribedDigest, readSubject } from "../read-source.ts";
import type { NamedSource, Source } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { type FileSource, filesIn } from "./list-files.ts";

/** What is compared with a proof. `name` is that of a file, for people; undefined for a digest. */
export interface Original extends DescribedDigest {
  readonly name: string | undefined;
}

/** Finds what a proof is about: by where the proof is, or by the SHA-256 that it has. Undefined if there is none. */
export type FindOriginal = (proof: NamedSource, digest: Digest, output: Output) => Original | undefined;

/** What the command line names is the original. */
export function givenOriginal(source: Source): FindOriginal {
  return (_proof, _digest, output) => readOriginal(source, output);
}

/** The file beside a proof, which has the same name without the proof's ending. */
export const originalBeside: FindOriginal = (proof, _digest, output) => {
  const file = proof.kind === "file" ? withoutEnding(proof) : undefined;
  return file && isFile(file.path) ? readOriginal(file, output) : undefined;
};

/** The file in a folder that has the right bytes, whatever its name. Reads each file once, when the first is wanted. */
export function originalIn(folder: FileSource, isRecursive: boolean): FindOriginal {
  let nameByDigest: ReadonlyMap<Digest, string> | undefined;
  return (_proof, digest, output) => {
    nameByDigest ??= hashAll(filesIn(folder, isRecursive), output);
    const name = nameByDigest.get(digest);
    return name === undefined ? undefined : { digest, description: escapeLine(name), name };
  };
}

/** Of files with the same bytes, the first is taken. One that cannot be read keeps no other from its turn. */
function hashAll(files: Iterable<Listed>, output: Output): ReadonlyMap<Digest, string> {
  const nameByDigest = new Map<Digest, string>();
  const progress = output.progress();
  const quiet = { ...output, progress: () => new ProgressLine(undefined) };
  for (const file of files) {
    const digest = digestOf(file, quiet);
    if (file.kind === "file" && digest !== undefined && !nameByDigest.has(digest)) nameByDigest.set(digest, file.name);
    progress.show(nameByDigest.size, undefined, "files");
  }
  progress.clear();
  return nameByDigest;
}

function digestOf(file: Listed, output: Output): Digest | undefined {
  try {
    if (file.kind === "problem") throw file.error;
    return readSubject(file, output).digest;
  } catch (error) {
    const reason = failureOf(error);
    if (reason === undefined) throw error;
    output.err(`note: ${escapeLine(reason)}\n`);
    return undefined;
  }
}

function readOriginal(source: Source, output: Output): Original {
  const name = source.kind === "file" ? source.name : source.kind === "digest" ? undefined : "standard input";
  return { ...readSubject(source, output), name };
}

/** What `stamp` and `proof` put behind the name of a file. */
const endings = [".ots", ".proof.json"];

function withoutEnding({ path, name }: FileSource): FileSource | undefined {
  const ending = endings.find((ending) => name.endsWith(ending) && name.length > ending.length);
  if (ending === undefined) return undefined;
  return { kind: "file", path: path.slice(0, -ending.length), name: name.slice(0, -ending.length) };
}

/** Whether there is a file of this name, also by a link. */
export function isFile(path: FilePath): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The folder of `--in`. Throws "command failed" if it is none. */
export function expectFolder(source: NamedSource): FileSource {
  if (source.kind === "file" && statSync(source.path, { throwIfNoEntry: false })?.isDirectory()) return source;
  throw new CommandFailed(`--in: ${source.kind === "file" ? source.name : "-"}: it is not a directory`);
}
