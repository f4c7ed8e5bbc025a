import { writeSync } from "node:fs";

/** Synchronous: what is written before the process ends arrives. A reader who is gone does not end us. */
export function writeTo(fileDescriptor: 1 | 2): (text: string) => void {
  return (text) => {
    try {
      writeSync(fileDescriptor, text);
    } catch {
      // Nobody reads any more.
    }
  };
}
