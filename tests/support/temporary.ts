import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  /** The path of a file in it. */
  readonly file: (name: string) => string;
}

/** A directory that goes away with its scope: `using directory = temporaryDirectory();` */
export function temporaryDirectory(place: string = tmpdir()): TemporaryDirectory {
  const path = mkdtempSync(join(place, "timestampvm-"));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The same in memory, where the system has that: for small files that are synced a lot. */
export function memoryDirectory(): TemporaryDirectory {
  return temporaryDirectory(isWritable("/dev/shm") ? "/dev/shm" : tmpdir());
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
