import { fstatSync, type Stats } from "node:fs";
import { startSha256 } from "../avalanche/sha256.ts";
import { type Digest, digestFromBytes } from "../core/digest.ts";
import { formatSize } from "../core/format.ts";
import { escapeLine } from "../core/printable.ts";
import { CommandFailed, wrongUse } from "./command-failed.ts";
import { namingFile } from "./naming-file.ts";
import { type DataSource, emptyDataNote, type Source } from "./source.ts";
import type { Output } from "./terminal/output.ts";
import { readChunks, withFile } from "./terminal/read-chunks.ts";

/** The digest of a source, once it is read. */
export interface DescribedDigest {
  readonly digest: Digest;
  /** The name of the data and its size; undefined if only the digest is known. */
  readonly description: string | undefined;
}

/** Reads a source of any size. Holds one chunk at a time. */
export function readSubject(source: Source, output: Output): DescribedDigest {
  if (source.kind === "digest") return { digest: source.digest, description: undefined };
  return withChunks(source, output, (chunks, name, size) => {
    const progress = output.progress();
    try {
      const { digest, bytes } = hashChunks(chunks, (read) => progress.show(read, size, "bytes"));
      return { digest, description: describe(name, bytes) };
    } finally {
      progress.clear();
    }
  });
}

/** Reads all data of a source. Throws "command failed" for more than `maxBytes`, without reading further. */
export function readData(source: DataSource, maxBytes: number, output: Output) {
  return withChunks(source, output, (chunks, name, size = firstReadBytes) => {
    let data = new Uint8Array(Math.min(size, maxBytes));
    let bytes = 0;
    for (const chunk of chunks) {
      const end = bytes + chunk.length;
      if (end > maxBytes) throw new CommandFailed(`${name} has more than ${formatSize(maxBytes)}`);
      if (end > data.length) data = enlarge(data, Math.min(Math.max(end, 2 * data.length), maxBytes));
      data.set(chunk, bytes);
      bytes = end;
    }
    return { data: data.subarray(0, bytes), description: describe(name, bytes) };
  });
}

/** The first buffer for data whose size is not known. */
const firstReadBytes = 64 * 1024;

function enlarge(data: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes);
  larger.set(data);
  return larger;
}

/** The name is escaped: somebody else may have chosen it, to deceive. */
function describe(name: string, bytes: number): string {
  return `${escapeLine(name)}, ${formatSize(bytes)}`;
}

/** The SHA-256 of all chunks together. A chunk may be overwritten when the next one is asked for. */
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

/** Takes the data and its name. `size` counts the bytes of a file; it is undefined for a pipe. */
type Read<T> = (chunks: Iterable<Uint8Array>, name: string, size: number | undefined) => T;

function withChunks<T>(source: DataSource, { input }: Output, read: Read<T>): T {
  switch (source.kind) {
    case "text":
      return read([new TextEncoder().encode(source.text)], "the text", undefined);
    case "input":
    case "unnamed input":
      return namingFile("standard input", () => readInput(source.kind === "input", input, read));
    case "file":
      return namingFile(source.name, () =>
        withFile(source.path, (fileDescriptor) => {
          const size = sizeOf(fstatSync(fileDescriptor));
          return read(readChunks(fileDescriptor, size), source.name, size);
        }),
      );
  }
}

/**
 * Empty standard input is data only if it is named, and if it is open: in the place of a closed one, there is a device
 * that is always empty.
 */
function readInput<T>(isNamed: boolean, input: Output["input"], read: Read<T>): T {
  const { fileDescriptor, isTerminal } = input ?? { fileDescriptor: 0, isTerminal: false };
  const status = fstatSync(fileDescriptor);
  const mayBeEmpty = isNamed && (isTerminal || !status.isCharacterDevice());
  const chunks = readChunks(fileDescriptor);
  return read(mayBeEmpty ? chunks : expectSome(chunks), "standard input", sizeOf(status));
}

function* expectSome(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let isEmpty = true;
  for (const chunk of chunks) {
    isEmpty = false;
    yield chunk;
  }
  if (isEmpty) throw new CommandFailed(`standard input is empty or closed. ${emptyDataNote}`, wrongUse);
}

/** The size of a file that knows it: a pipe does not, and some files of the system say 0 before they are read. */
function sizeOf(status: Stats): number | undefined {
  return status.isFile() && status.size > 0 ? status.size : undefined;
}
