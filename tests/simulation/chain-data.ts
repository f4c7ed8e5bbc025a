import { copyFileSync, existsSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { startVm } from "../support/chain.ts";

/** The chain data directory of one node: the VM's file, as it lies there when nobody has it open. */
export class ChainData {
  readonly #directory: string;
  readonly #name: string;
  readonly #newFile: () => string;
  #file: string;
  #copies = 0;

  /** `newFile` gives a file with a new chain. */
  constructor(directory: string, name: string, newFile: () => string) {
    this.#directory = directory;
    this.#name = name;
    this.#newFile = newFile;
    this.#file = this.#next();
    copyFileSync(newFile(), this.#file);
  }

  get file(): string {
    return this.#file;
  }

  /** Bytes of the write-ahead log. */
  get logBytes(): number {
    return statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** What is there now stays; what the process that has it open still does to it, `close` included, is lost. */
  snapshot(close: () => void): void {
    const from = this.#file;
    this.#file = this.#next();
    copyFileSync(from, this.#file);
    if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${this.#file}-wal`);
    close();
    remove(from);
  }

  /** The write-ahead log loses its end. */
  truncateLog(bytes: number): void {
    if (bytes < this.logBytes) truncateSync(`${this.#file}-wal`, bytes);
  }

  wipe(): void {
    remove(this.#file);
    this.#file = this.#next();
    copyFileSync(this.#newFile(), this.#file);
  }

  remove(): void {
    remove(this.#file);
  }

  #next(): string {
    return join(this.#directory, `${this.#name}-${this.#copies++}.db`);
  }
}

/** Files with a new chain each, made once: to make one costs more than all else a node does in a short run. */
export class NewFiles {
  readonly directory: string;
  readonly #files: string[] = [];
  #next = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** To be called where a run starts. */
  restart(): void {
    this.#next = 0;
  }

  /** Another one each time since the start of the run. */
  take(): string {
    const index = this.#next++;
    const made = this.#files[index];
    if (made !== undefined) return made;
    const file = join(this.directory, `new-${index}.db`);
    startVm({ file }).vm.close();
    this.#files.push(file);
    return file;
  }
}

function remove(file: string): void {
  rmSync(file, { force: true });
  rmSync(`${file}-wal`, { force: true });
}
