import type { Schedule } from "./schedule.ts";

/** What happened in a run, and what must not have. */
export class Journal {
  readonly violations: string[] = [];
  readonly #schedule: Schedule;
  readonly #lines: string[] = [];
  readonly #counts = new Map<string, number>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  note(text: string): void {
    this.#lines.push(`${(this.#schedule.nowMs / 1_000).toFixed(3)} ${text}`);
  }

  violate(text: string): void {
    this.violations.push(`${(this.#schedule.nowMs / 1_000).toFixed(3)} ${text}`);
    this.note(`VIOLATION ${text}`);
  }

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** All lines, the first that came first. */
  get lines(): readonly string[] {
    return this.#lines;
  }
}
