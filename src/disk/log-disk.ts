import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import { ChainError } from "../core/errors.ts";
import { checkpoint } from "../store/checkpoint.ts";
import type { Checkpointer, Disk } from "../store/disk.ts";
import { inMemory } from "../store/shared-database.ts";

/**
 * Syncs the log by a file descriptor of its own, on a thread of the runtime's pool. SQLite locks only the database
 * file, so closing a descriptor of the log releases no lock.
 */
export class LogDisk implements Disk {
  readonly #file: string;
  readonly #checkpointer: Checkpointer;
  #log: number | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** The file need not be open yet: the first call opens its log. */
  constructor(file: string, checkpointer: Checkpointer) {
    this.#file = file;
    this.#checkpointer = checkpointer;
  }

  async syncLog(): Promise<void> {
    if (this.#closing !== undefined) throw new ChainError({ code: "shut down" });
    this.#log ??= openSync(`${this.#file}-wal`, "r");
    this.#syncing = fdatasyncAsync(this.#log);
    await this.#syncing;
  }

  async checkpoint(): Promise<void> {
    await this.#checkpointer.checkpoint();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const log = this.#log;
    if (log !== undefined) void Promise.allSettled([this.#syncing]).then(() => closeSync(log));
    await this.#checkpointer.close();
  }
}

/** The disk of a chain whose thread may wait for checkpoints; undefined for a database in memory. */
export function localDisk(file: string): Disk | undefined {
  if (file === inMemory) return undefined;
  return new LogDisk(file, { checkpoint: () => checkpoint(file), close: () => {} });
}

const fdatasyncAsync = promisify(fdatasync);
