import type { ReadableStreamDefaultReader } from "node:stream/web";
import { Watchers } from "./watchers.ts";

/** What a process writes, line by line. */
export class Lines {
  /** So far, without the ends of lines. */
  readonly text: string[] = [];
  /** Resolves when nobody can write any more. */
  readonly ended: Promise<void>;
  protected readonly watchers = new Watchers();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.ended = this.#read();
  }

  /** Reads no more: who writes then, writes to nobody. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  /** Resolves with the first line that matches, past ones included. Rejects after a minute. */
  waitForText(pattern: RegExp): Promise<string> {
    return this.watchers.waitFor(`a line like ${pattern}`, () => this.text.find((line) => pattern.test(line)));
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      this.text.push(...lines);
      this.watchers.changed();
    }
    if (rest !== "") this.text.push(rest);
  }
}
