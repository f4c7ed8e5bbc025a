import { InvalidArgumentError } from "commander";
import { escapeLine } from "../../core/printable.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { CommandFailed, notYet } from "../command-failed.ts";
import { answerEach, type EndWords, type FileWork, nameOf } from "../node/each-file.ts";
import { collectSources, type NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { replaceOts } from "./ots-files.ts";

// What commands have in common that replace proofs.

/** For the argument of such a command. */
export const replacedProofs = "the .ots files; what each was before is kept as FILE.ots.bak, unless there is one";

/** Collects the arguments of such a command. Throws commander's error, which is wrong use. */
export function collectFiles(text: string, before?: NamedSource[]): readonly NamedSource[] {
  if (text === "-") throw new InvalidArgumentError("standard input cannot be replaced: give a file.");
  return collectSources(text, before);
}

/** Replaces a proof that `collectFiles` took. */
export function replaceProof(file: NamedSource, ots: OtsFile): void {
  if (file.kind === "input") throw new Error("standard input is no file to replace");
  replaceOts(file.path, ots);
}

/** Like `answerEach`. The failure of a single proof is that of the command. */
export async function answerProofs(
  files: readonly NamedSource[],
  work: FileWork,
  options: { readonly json: boolean | undefined; readonly words: EndWords },
  output: Output,
): Promise<void> {
  const [only] = files;
  if (only === undefined || files.length > 1 || options.json) return answerEach(files, work, options, output);
  const { line, isWaiting } = await work(only, output);
  output.out(`${line}  ${escapeLine(nameOf(only))}\n`);
  if (isWaiting) throw new CommandFailed("", notYet); // the line says why
}
