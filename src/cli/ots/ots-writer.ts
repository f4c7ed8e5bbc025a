import { closeSync, fsync, rmSync } from "node:fs";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { writeOts } from "../../proof/ots/write.ts";
import {
  createFile,
  expectNoFile,
  type FilePath,
  folderOf,
  keyOfPath,
  nameFile,
  sync,
  unfinishedNameOf,
} from "../../store/new-file.ts";
import { namingFile } from "../naming-file.ts";
import { writeAll } from "../terminal/write-all.ts";

/**
 * Makes many `.ots` files, each as a whole or not at all. Several may wait for the disk at the same time, and the names
 * in a folder are synced together: a crash before `syncNames` may lose whole files.
 */
export class OtsWriter {
  readonly #folders = new Map<string, FilePath>();
  readonly #unfinished = new Set<FilePath>();

  /** Rejects with "command failed", also if there is a file of that name. */
  async write(path: FilePath, ots: OtsFile): Promise<void> {
    const name = path.toString();
    const unfinished = unfinishedNameOf(path);
    const fileDescriptor = namingFile(name, () => {
      expectNoFile(path);
      return createFile(unfinished, 0o666);
    });
    this.#unfinished.add(unfinished);
    try {
      namingFile(name, () => writeAll(fileDescriptor, writeOts(ots)));
      const problem = await syncContent(fileDescriptor);
      namingFile(name, () => {
        if (problem !== null) throw problem;
        nameFile(unfinished, path);
      });
    } finally {
      closeSync(fileDescriptor);
      rmSync(unfinished, { force: true });
      this.#unfinished.delete(unfinished);
    }
    const folder = folderOf(path);
    this.#folders.set(keyOfPath(folder), folder);
  }

  /** Removes what is not whole yet, since the program is about to end. */
  abandon(): void {
    for (const unfinished of this.#unfinished) rmSync(unfinished, { force: true });
  }

  /** Syncs the names of all files that were written so far. */
  syncNames(): void {
    for (const folder of this.#folders.values()) namingFile(folder.toString(), () => sync(folder));
    this.#folders.clear();
  }
}

function syncContent(fileDescriptor: number): Promise<Error | null> {
  return new Promise((resolve) => fsync(fileDescriptor, resolve));
}
