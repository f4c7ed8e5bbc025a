import { fstatSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { startSha256 } from "../avalanche/sha256.ts";
import { type Digest, digestFromBytes, parseDigest } from "../core/digest.ts";
import { escapeLine } from "../core/printable.ts";
import { CommandFailed } from "./command-failed.ts";
import { groupDigits } from "./terminal/counts.ts";
import type { Output } from "./terminal/output.ts";
import { ProgressLine } from "./terminal/progress-line.ts";
import { readChunks, withFile } from "./terminal/read-chunks.ts";
import { formatBytes } from "./terminal/show.ts";

/** What a command is about, before it is read. */
export type Source =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "input" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "digest"; readonly digest: Digest };

export interface Subject {
  readonly digest: Digest;
  /** Which data it was; undefined where only the digest is known. */
  readonly description: string | undefined;
}

export interface SubjectOptions {
  readonly text?: string;
  readonly digest?: Digest;
}

export function addSubjectOptions(command: Command): Command {
  return command
    .option("--text <text>", "this text instead of a file")
    .option("--digest <hex>", "only its SHA-256, which is known: 64 hex digits", parseDigestOption);
}

/** What stands for `[file]` in the help. */
export const fileArgument = "the data; - is standard input, which is read as well where nothing is named";

function parseDigestOption(text: string): Digest {
  const digest = parseDigest(text);
  if (digest === undefined) throw new InvalidArgumentError("it is not 64 hex digits.");
  return digest;
}

/** The one thing that is named; undefined for nothing. */
export function findSource(file: string | undefined, options: SubjectOptions, command: Command): Source | undefined {
  const { text, digest } = options;
  const sources: Source[] = [];
  if (file !== undefined) sources.push(file === "-" ? { kind: "input" } : { kind: "file", path: file });
  if (text !== undefined) sources.push({ kind: "text", text });
  if (digest !== undefined) sources.push({ kind: "digest", digest });
  if (sources.length > 1) command.error("error: give one of a file, --text and --digest");
  return sources[0];
}

/** The same; without any, what another program writes to standard input. A person at a terminal has forgotten something. */
export function expectSource(
  file: string | undefined,
  options: SubjectOptions,
  command: Command,
  { input }: Output,
): Source {
  const source = findSource(file, options, command);
  if (source !== undefined) return source;
  if (input === undefined || input.isTerminal) {
    command.error("error: give a file, --text or --digest, or data on standard input");
  }
  return { kind: "input" };
}

/** Hashes what it reads as a stream: its size does not matter. */
export function readSubject(source: Source, output: Output): Subject {
  if (source.kind === "digest") return { digest: source.digest, description: undefined };
  return withChunks(source, output, (chunks, name, size) => {
    const progress = new ProgressLine(output.isWatched ? output.err : undefined);
    try {
      const { digest, bytes } = hashChunks(chunks, (read) => progress.show(read, size, "bytes"));
      return { digest, description: describe(name, bytes) };
    } finally {
      progress.clear();
    }
  });
}

/** Reads all of it. Throws "command failed" where there are more than `maxBytes`, of which it reads no more than that. */
export function readData(source: Exclude<Source, { kind: "digest" }>, maxBytes: number, output: Output) {
  return withChunks(source, output, (chunks, name, size = firstReadBytes) => {
    let data = new Uint8Array(Math.min(size, maxBytes));
    let bytes = 0;
    for (const chunk of chunks) {
      const end = bytes + chunk.length;
      if (end > maxBytes) throw new CommandFailed(`${name} has more than ${groupDigits(maxBytes)} bytes`);
      if (end > data.length) data = enlarge(data, Math.min(Math.max(end, 2 * data.length), maxBytes));
      data.set(chunk, bytes);
      bytes = end;
    }
    return { data: data.subarray(0, bytes), description: describe(name, bytes) };
  });
}

/** Room for the bytes of what does not say how many it has. */
const firstReadBytes = 64 * 1024;

function enlarge(data: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes);
  larger.set(data);
  return larger;
}

/** The name of a file may be that of somebody else. */
function describe(name: string, bytes: number): string {
  return `${escapeLine(name)}, ${formatBytes(bytes)}`;
}

/** The SHA-256 of all chunks together. Each is done with when the next one is asked for. */
export function hashChunks(
  chunks: Iterable<Uint8Array>,
  onProgress: (bytes: number) => void = () => {},
): { readonly digest: Digest; readonly bytes: number } {
  const hash = startSha256();
  let bytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    onProgress(bytes);
  }
  return { digest: digestFromBytes(hash.digest()), bytes };
}

/** `size` is that of a file, in bytes; undefined for what ends when it ends. */
type Read<T> = (chunks: Iterable<Uint8Array>, name: string, size: number | undefined) => T;

function withChunks<T>(source: Exclude<Source, { kind: "digest" }>, { input }: Output, read: Read<T>): T {
  switch (source.kind) {
    case "text":
      return read([new TextEncoder().encode(source.text)], "the text", undefined);
    case "input":
      return named("standard input", () => readFile(input?.fileDescriptor ?? 0, "standard input", read));
    case "file":
      return named(source.path, () =>
        withFile(source.path, (fileDescriptor) => readFile(fileDescriptor, source.path, read)),
      );
  }
}

function readFile<T>(fileDescriptor: number, name: string, read: Read<T>): T {
  const status = fstatSync(fileDescriptor);
  return read(readChunks(fileDescriptor), name, status.isFile() && status.size > 0 ? status.size : undefined);
}

/** The system does not always say which file it speaks of. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === undefined || message.includes(`'${name}'`)) throw error;
    throw new CommandFailed(`${name || "''"}: ${message}`);
  }
}
