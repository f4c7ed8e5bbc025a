import { statSync } from "node:fs";
import { checkpoint } from "../../src/store/checkpoint.ts";
import type { Disk } from "../../src/store/disk.ts";
import type { Clock } from "../../src/vm/clock.ts";
import { Random } from "./random.ts";

/** A disk that takes its time, sometimes much. It knows what a power cut would leave of the write-ahead log. */
export class SimulatedDisk implements Disk {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #random: Random;
  #syncedBytes = 0;

  /** `clock` ends with the process. */
  constructor(file: string, clock: Clock, seed: number) {
    this.#file = file;
    this.#clock = clock;
    this.#random = new Random(seed);
  }

  /** Bytes of the log that are on the disk. An empty log is begun anew: of that, nothing is. */
  get syncedBytes(): number {
    return Math.min(this.#syncedBytes, this.#logBytes);
  }

  async syncLog(): Promise<void> {
    const bytes = this.#logBytes;
    await this.#work();
    this.#syncedBytes = bytes <= this.#logBytes ? bytes : 0;
  }

  /** The log is synced with it, but for what is written meanwhile. */
  async checkpoint(): Promise<void> {
    await this.#work();
    checkpoint(this.#file);
    this.#syncedBytes = this.#logBytes;
    await this.#work();
  }

  async close(): Promise<void> {}

  /** A sync takes some milliseconds, now and then some seconds. */
  #work(): Promise<void> {
    const ms = this.#random.chance(0.03) ? this.#random.between(500, 5_000) : this.#random.between(0, 20);
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }

  get #logBytes(): number {
    return statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}
