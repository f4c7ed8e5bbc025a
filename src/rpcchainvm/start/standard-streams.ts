import { writeSync } from "node:fs";

/** Writes synchronously, so that nothing is lost when the process ends. Ignores that a reader is gone. */
export function writeTo(fileDescriptor: 1 | 2): (text: string) => void {
  return (text) => {
    try {
      writeSync(fileDescriptor, text);
    } catch {
      // Nobody reads any more.
    }
  };
}
