interface Entry {
  readonly atMs: number;
  readonly task: () => void;
}

/** The one time of a simulation: what happens, happens here, one task after the other. */
export class Schedule {
  /** The next one last. */
  readonly #entries: Entry[] = [];
  #nowMs = 0;
  #events = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many tasks have run. */
  get events(): number {
    return this.#events;
  }

  /** Runs `task` after so many milliseconds, behind those of the same time. Gives what takes it off again. */
  after(ms: number, task: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, task };
    let low = 0;
    for (let high = this.#entries.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).atMs > entry.atMs) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    return () => {
      const index = this.#entries.indexOf(entry);
      if (index >= 0) this.#entries.splice(index, 1);
    };
  }

  /** Lets time pass up to `untilMs`, or until `isDone`. Gives whether it is done. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      if (isDone()) return true;
      const entry = this.#entries.at(-1);
      if (entry === undefined || entry.atMs > untilMs) break;
      this.#entries.pop();
      this.#nowMs = entry.atMs;
      this.#events++;
      entry.task();
      await settled();
    }
    this.#nowMs = untilMs;
    return false;
  }
}

/** What a task resolved has reached those who wait for it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined;
}
