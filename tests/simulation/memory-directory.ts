import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory in memory where the system has that, one on a disk elsewhere; it goes away with its scope. */
export function memoryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(isWritable("/dev/shm") ? "/dev/shm" : tmpdir(), "timestampvm-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
