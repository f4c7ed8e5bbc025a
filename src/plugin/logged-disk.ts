import type { Log } from "../log.ts";
import type { Disk } from "../store/disk.ts";
import { slowSyncMs } from "../store/write-ahead-log.ts";

/** Logs slow syncs of the disk. */
export class LoggedDisk implements Disk {
  readonly #disk: Disk;
  readonly #log: Log;

  constructor(disk: Disk, log: Log) {
    this.#disk = disk;
    this.#log = log;
  }

  syncLog(): Promise<void> {
    return this.#watch("sync", () => this.#disk.syncLog());
  }

  checkpoint(): Promise<void> {
    return this.#watch("checkpoint", () => this.#disk.checkpoint());
  }

  close(): Promise<void> {
    return this.#disk.close();
  }

  /** Logs once while a sync is slow, so that an operator sees it in time, and once when it has ended. */
  async #watch(task: string, work: () => Promise<void>): Promise<void> {
    const startMs = performance.now();
    const timer = setTimeout(() => this.#log.warn("the disk is slow", { task }), slowSyncMs);
    try {
      await work();
    } finally {
      clearTimeout(timer);
      const ms = Math.round(performance.now() - startMs);
      if (ms >= slowSyncMs) this.#log.warn("the disk was slow", { task, ms });
    }
  }
}
