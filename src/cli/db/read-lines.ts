import { readSync } from "node:fs";
import { CommandFailed } from "../command-failed.ts";
import { pause } from "../write-all.ts";

/** More than twice the longest line of an export, a block of the largest message that nodes exchange. */
export const maxLineBytes = 8 * 1024 * 1024;

/** Gives the lines of a file, one at a time. Throws "command failed" for a line that is longer than any can be. */
export function* readLines(fileDescriptor: number): Generator<string, void> {
  const chunk = Buffer.alloc(chunkBytes);
  let pieces: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const read = chunk.subarray(0, readSome(fileDescriptor, chunk));
    if (read.length === 0) break;
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
    pieces.push(Buffer.from(read.subarray(start)));
  }
  if (bytes > 0) yield Buffer.concat(pieces).toString();
}

/** Gives 0 at the end. */
function readSome(fileDescriptor: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fileDescriptor, chunk);
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
      pause(); // a pipe that another process made non-blocking is empty
    }
  }
}

const chunkBytes = 256 * 1024;
const newline = 0x0a;
