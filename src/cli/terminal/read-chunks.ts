import { closeSync, openSync, readSync } from "node:fs";
import { codeOf } from "../../avalanche/coded-error.ts";
import { blockThread } from "./write-all.ts";

/**
 * Gives the bytes of a file, a pipe or a terminal as they come. Each chunk overwrites the last one. `size` is how many
 * bytes there seem to be: small files need no large chunk.
 */
export function* readChunks(fileDescriptor: number, size = chunkBytes): Generator<Uint8Array<ArrayBuffer>, void> {
  const chunk = new Uint8Array(Math.min(size + 1, chunkBytes));
  for (;;) {
    const length = readSome(fileDescriptor, chunk);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}

/** Opens a file, runs `work` on it, and closes it. */
export function withFile<T>(path: string | Buffer, work: (fileDescriptor: number) => T): T {
  const fileDescriptor = openSync(path, "r");
  try {
    return work(fileDescriptor);
  } finally {
    closeSync(fileDescriptor);
  }
}

/** Reads up to a whole chunk. Gives how many bytes it read: 0 at the end. */
function readSome(fileDescriptor: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fileDescriptor, chunk);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      blockThread(); // a pipe that another process made non-blocking is empty
    }
  }
}

const chunkBytes = 256 * 1024;
