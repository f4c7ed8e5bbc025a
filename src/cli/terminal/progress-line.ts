import { formatNumber } from "../../core/format.ts";

/** Shows a waiting person how far a command is: one line, written over again and again, and erased at the end. */
export class ProgressLine {
  readonly #write: ((text: string) => void) | undefined;
  readonly #nowMs: () => number;
  #nextMs: number;
  #isShown = false;

  /** Shows nothing without `write`. */
  constructor(write: ((text: string) => void) | undefined, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#nextMs = nowMs() + silentMs;
  }

  /** Shows how many are done, and of how many where that is known. */
  show(done: number, total: number | undefined, unit = "blocks"): void {
    this.showText(() => `${formatNumber(done)}${total === undefined ? "" : ` of ${formatNumber(total)}`} ${unit}`);
  }

  /** Shows a text, which is made only when it is time to show one. */
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
/** A command that is done sooner shows nothing. */
const silentMs = 1_500;
const intervalMs = 200;
