import { encodingOf } from "../../core/encoding.ts";
import { CommandFailed } from "../command-failed.ts";
import { readChunks } from "../terminal/read-chunks.ts";

/** More than twice the longest line of an export: a block as large as the largest message between nodes. */
export const maxLineBytes = 8 * 1024 * 1024;

/**
 * Gives the lines of a file in UTF-8, one at a time, without a byte order mark. Throws "command failed" for a line of
 * more than `maxLineBytes`, and for UTF-16.
 */
export function* readLines(fileDescriptor: number): Generator<string, void> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const read of readUtf8(fileDescriptor)) {
    let start = 0;
    for (let end = read.indexOf(newline); end !== -1; end = read.indexOf(newline, start)) {
      pieces.push(read.subarray(start, end));
      yield Buffer.concat(pieces).toString();
      pieces = [];
      bytes = 0;
      start = end + 1;
    }
    bytes += read.length - start;
    if (bytes > maxLineBytes) throw new CommandFailed(`longer than ${maxLineBytes} bytes`);
    pieces.push(read.slice(start));
  }
  if (bytes > 0) yield Buffer.concat(pieces).toString();
}

const newline = 0x0a;

function* readUtf8(fileDescriptor: number): Generator<Uint8Array, void> {
  let bytes = 0;
  for (const read of readChunks(fileDescriptor)) {
    if (bytes === 0 && encodingOf(read) !== "utf-8") throw new CommandFailed("UTF-16: convert the file to UTF-8");
    yield bytes === 0 && byteOrderMark.every((byte, at) => read[at] === byte) ? read.subarray(3) : read;
    bytes += read.length;
  }
}

const byteOrderMark = [0xef, 0xbb, 0xbf];
