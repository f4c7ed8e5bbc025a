import { type Command, InvalidArgumentError } from "commander";
import type { Digest } from "../core/digest.ts";
import { brokenProblem, expectNotEmpty } from "./expect-meant.ts";
import { bytesOfArgument, showArgument } from "./terminal/exact-arguments.ts";
import type { Output } from "./terminal/output.ts";
import { parseDigestOption, parseNonceOption } from "./terminal/parse-option.ts";

/** Where the data of a command comes from, before it is read. */
export type Source = DataSource | { readonly kind: "digest"; readonly digest: Digest };

/** A source that has the data itself. */
export type DataSource =
  | NamedSource
  /** Standard input that the command line does not name. It must not be empty. */
  | { readonly kind: "unnamed input" }
  | { readonly kind: "text"; readonly text: string };

/** A source that is named as an argument: a file, or `-`. */
export type NamedSource =
  /** `name` is the path for people. */
  { readonly kind: "file"; readonly path: string | Buffer; readonly name: string } | { readonly kind: "input" };

/** Reads an argument that names a file, or is `-`. Throws commander's error, which is wrong use. */
export function parseNamedSource(text: string): NamedSource {
  expectNotEmpty(text);
  if (text === "-") return { kind: "input" };
  const path = bytesOfArgument(text);
  if (path === undefined) throw new InvalidArgumentError(brokenProblem(text));
  return { kind: "file", path, name: showArgument(text) };
}

/** The options for data that is in no file. */
export interface SourceOptions {
  readonly text?: string;
  readonly digest?: Digest;
}

/** Adds the argument `[files...]`, of `NamedSource`s, and `SourceOptions` to a command, and gives it back. */
export function addSources(command: Command): Command {
  const files = "the file with the data, or several; standard input if it is - or missing";
  return addSourceOptions(command.argument("[files...]", files, collectSources));
}

/** Reads one more argument that names a file. It adds to its own list: a copy for each of thousands would be slow. */
export function collectSources(text: string, before: NamedSource[] = []): readonly NamedSource[] {
  before.push(parseNamedSource(text));
  return before;
}

/** Adds `SourceOptions` to a command, and gives it back. */
export function addSourceOptions(command: Command): Command {
  return command
    .option("--text <text>", "the data is this text")
    .option(
      "--digest <digest>",
      "the SHA-256 of the data, if that is all you have: in hex, in base64, or as sha256sum prints it",
      parseDigestOption,
    );
}

/** The option for data whose stamp is salted. */
export interface NonceOptions {
  readonly nonce?: Uint8Array;
}

/** Adds `NonceOptions` to a command, and gives it back. */
export function addNonceOption(command: Command): Command {
  return command.option(
    "--nonce <hex>",
    "the nonce that `stamp` printed, if the stamp is salted: 32 hex digits",
    parseNonceOption,
  );
}

/** For the help of commands with that argument. */
export const emptyDataNote =
  "Empty data must be meant: it is an empty file, or an empty pipe that - names. Nothing else that is empty is taken.";

/** For the help of commands that take several files. */
export const severalFilesNote =
  "Of several files, prints one line for each, whatever becomes of the others; with --json, each object names its " +
  "file.";

/** The source that the command line names; undefined if none. More than one is wrong use. */
export function findSource(
  file: NamedSource | undefined,
  options: SourceOptions,
  command: Command,
): Source | undefined {
  const { text, digest } = options;
  const sources: Source[] = [];
  if (file !== undefined) sources.push(file);
  if (text !== undefined) sources.push({ kind: "text", text });
  if (digest !== undefined) sources.push({ kind: "digest", digest });
  if (sources.length > 1) command.error("error: give one of a file, --text and --digest");
  return sources[0];
}

/** Several files, each of which is a source. */
export interface SeveralFiles {
  readonly kind: "files";
  readonly files: readonly NamedSource[];
}

/** Like `findSource`, of any number of files. */
function findSources(
  files: readonly NamedSource[],
  options: SourceOptions & NonceOptions,
  command: Command,
): Source | SeveralFiles | undefined {
  expectOneNonce(files, options, command);
  const [first] = files;
  if (files.filter(({ kind }) => kind === "input").length > 1) {
    command.error("error: standard input can be read only once");
  }
  const source = findSource(first, options, command);
  return files.length > 1 ? { kind: "files", files } : source;
}

/** Refuses a nonce for several files: each stamp has its own. */
export function expectOneNonce(files: readonly NamedSource[], { nonce }: NonceOptions, command: Command): void {
  if (nonce !== undefined && files.length > 1) command.error("error: --nonce is that of one file");
}

/** What the command line names, or else standard input. */
export function expectSources(
  files: readonly NamedSource[],
  options: SourceOptions & NonceOptions,
  command: Command,
  output: Output,
): Source | SeveralFiles {
  return findSources(files, options, command) ?? expectSource(undefined, options, command, output);
}

/** The source that the command line names, or else standard input. If that is a terminal, it is wrong use. */
export function expectSource(
  file: NamedSource | undefined,
  options: SourceOptions,
  command: Command,
  { input }: Output,
): Source {
  const source = findSource(file, options, command);
  if (source !== undefined) return source;
  if (input === undefined || input.isTerminal) {
    command.error("error: give a file, --text or --digest, or data on standard input");
  }
  return { kind: "unnamed input" };
}
