import { groupDigits } from "./counts.ts";

/** Tells a person who waits how far a command is: one line, written over and over, and gone at the end. */
export class ProgressLine {
  readonly #write: ((text: string) => void) | undefined;
  readonly #nowMs: () => number;
  #nextMs: number;
  #isShown = false;

  /** Without `write` nobody is told. */
  constructor(write: ((text: string) => void) | undefined, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#nextMs = nowMs() + silentMs;
  }

  /** How many of how many, if that is known. */
  show(done: number, total: number | undefined, unit = "blocks"): void {
    this.tell(() => `${groupDigits(done)}${total === undefined ? "" : ` of ${groupDigits(total)}`} ${unit}`);
  }

  tell(what: () => string): void {
    if (this.#nowMs() < this.#nextMs) return;
    this.#nextMs = this.#nowMs() + intervalMs;
    this.#isShown = true;
    this.#write?.(`${startOfLine}${what()}`);
  }

  /** To be called before anything else is written. */
  clear(): void {
    if (this.#isShown) this.#write?.(startOfLine);
    this.#isShown = false;
  }
}

/** Goes there, and erases to the end. */
const startOfLine = "\r\u001b[K";
const silentMs = 1_500;
const intervalMs = 200;
