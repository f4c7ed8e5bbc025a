import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { CommandFailed } from "./command-failed.ts";

/**
 * Lets `fill` write a new file, open as the number it gets, under another name, and gives it its own once all is on the
 * disk: after a crash there is the whole file or none. Throws when there is a file already.
 */
export function writeNewFile<T>(file: string, fill: (fileDescriptor: number) => T): T {
  expectNoFile(file);
  const unfinished = `${file}.unfinished`;
  try {
    const fileDescriptor = openSync(unfinished, "w");
    try {
      const made = fill(fileDescriptor);
      fsyncSync(fileDescriptor);
      finish(unfinished, file);
      return made;
    } finally {
      closeSync(fileDescriptor);
    }
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Throws "command failed" when there is one. */
export function expectNoFile(file: string): void {
  if (existsSync(file)) throw new CommandFailed(`${file}: there is such a file already`);
}

/** Gives a file, whose content is on the disk, its own name; and the name is on the disk, too. */
export function finish(unfinished: string, file: string): void {
  renameSync(unfinished, file);
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
