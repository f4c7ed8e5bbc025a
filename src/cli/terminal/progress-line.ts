import { formatNumber } from "../../core/format.ts";
import { describeTimeLeft } from "../../core/progress-words.ts";

/** Shows the progress of a command: one line, overwritten again and again, and erased at the end. */
export class ProgressLine {
  readonly #write: ((text: string) => void) | undefined;
  readonly #nowMs: () => number;
  #nextMs: number;
  readonly #startedMs: number;
  #isShown = false;

  /** Shows nothing without `write`. */
  constructor(write: ((text: string) => void) | undefined, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.#nextMs = this.#startedMs + silentMs;
  }

  /** Shows how many are done; if it is known of how many, also that and the time that is left. */
  show(done: number, total: number | undefined, unit = "blocks"): void {
    this.showText(() => {
      if (total === undefined) return `${formatNumber(done)} ${unit}`;
      const left = describeTimeLeft(done, total, this.#nowMs() - this.#startedMs);
      return `${formatNumber(done)} of ${formatNumber(total)} ${unit}${left}`;
    });
  }

  /** Shows a text. Calls `text` only when it is time to show one. */
  showText(text: () => string): void {
    if (this.#nowMs() < this.#nextMs) return;
    this.#nextMs = this.#nowMs() + intervalMs;
    this.#isShown = true;
    this.#write?.(`${startOfLine}${text()}`);
  }

  /** Erases the line. Call it before anything else is written. */
  clear(): void {
    if (this.#isShown) this.#write?.(startOfLine);
    this.#isShown = false;
  }
}

/** Goes to the start of the line, and erases it. */
const startOfLine = "\r\u001b[K";
/** Milliseconds. A command that takes less shows nothing. */
const silentMs = 1_500;
const intervalMs = 200;
