import { CommandFailed } from "../command-failed.ts";
import { readChunks } from "../terminal/read-chunks.ts";

/** More than twice the longest line of an export: a block as large as the largest message between nodes. */
export const maxLineBytes = 8 * 1024 * 1024;

/** Gives the lines of a file, one at a time. Throws "command failed" for a line of more than `maxLineBytes`. */
export function* readLines(fileDescriptor: number): Generator<string, void> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const read of readChunks(fileDescriptor)) {
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
