import { statSync } from "node:fs";
import { basename, join, normalize } from "node:path";
import type { Command } from "commander";
import { CommandFailed } from "../command-failed.ts";
import type { NamedSource } from "../source.ts";

/** Gives the path of the proof of a file. Throws "command failed" for a file that it cannot be named after. */
export type ProofPath = (file: NamedSource) => string;

/**
 * Where the proofs of several files go, or of one if `--output` ends in a slash: FILE.proof.json beside each, or in the
 * directory that `--output` names. Undefined for a single proof, which `--output` names itself. Two proofs of one path
 * are wrong use: the second would never be written.
 */
export function proofPathOf(files: readonly NamedSource[], given: string, command: Command): ProofPath | undefined {
  if (files.length === 0 || (files.length === 1 && !given.endsWith("/"))) return undefined;
  const isGiven = command.getOptionValueSource("output") !== "default";
  if (isGiven && !isDirectory(given)) command.error(`error: --output: no directory for several proofs: ${given}`);
  const pathOf: ProofPath = (file) => {
    const name = `${expectPlainName(file)}.proof.json`;
    return isGiven ? join(given, basename(name)) : name;
  };
  const paths = files.filter((file) => plainNameOf(file) !== undefined).map((file) => normalize(pathOf(file)));
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) command.error(`error: two proofs would have the name ${twice}`);
  return pathOf;
}

function isDirectory(path: string): boolean {
  return path.endsWith("/") || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function expectPlainName(file: NamedSource): string {
  const name = plainNameOf(file);
  if (name !== undefined) return name;
  const problem = file.kind === "input" ? "standard input has no name" : `${file.name}: its name is not UTF-8`;
  throw new CommandFailed(`${problem}: prove it alone, with --output`);
}

/** Undefined for standard input, and for a name that is not UTF-8: no path would be the one that was meant. */
function plainNameOf(file: NamedSource): string | undefined {
  if (file.kind === "input") return undefined;
  const name = file.path.toString();
  return Buffer.from(name).equals(Buffer.from(file.path)) ? name : undefined;
}
