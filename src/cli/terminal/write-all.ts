import { writeSync } from "node:fs";
import { codeOf } from "../../avalanche/coded-error.ts";

/** Writes everything before it returns. Throws the system's error: EPIPE when the reader is gone, ENOSPC, … */
export function writeAll(fileDescriptor: number, content: string | Uint8Array): void {
  let rest = typeof content === "string" ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fileDescriptor, rest));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      blockThread(); // a pipe that another process made non-blocking is full
    }
  }
}

/** Blocks the thread for 10 ms. Nothing else runs meanwhile. */
export function blockThread(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}
