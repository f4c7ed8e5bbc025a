import type { Clock } from "../../src/vm/clock.ts";
import { now } from "../support/chain.ts";
import type { Schedule } from "./schedule.ts";

/** The clock of one node: its time of day may be wrong, and its timers end with its process. */
export class NodeClock implements Clock {
  /** How far its time of day is ahead of the true one. */
  aheadMs = 0;
  readonly #schedule: Schedule;
  readonly #cancels = new Set<() => void>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  now(): bigint {
    return this.nowMs() / 1_000n;
  }

  nowMs(): bigint {
    return now * 1_000n + BigInt(Math.floor(this.#schedule.nowMs + this.aheadMs));
  }

  elapsedMs(): number {
    return this.#schedule.nowMs;
  }

  after(ms: number, task: () => void): () => void {
    const cancel = () => {
      this.#cancels.delete(cancel);
      takeOff();
    };
    const takeOff = this.#schedule.after(ms, () => {
      this.#cancels.delete(cancel);
      task();
    });
    this.#cancels.add(cancel);
    return cancel;
  }

  /** The process ends: none of its tasks runs any more. */
  stop(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }
}
