import type { ReadableStreamDefaultReader } from "node:stream/web";
import { within } from "./deadline.ts";

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What a plugin writes to standard error, line by line. Every line must be a JSON object. */
export class LogLines {
  readonly text: string[] = [];
  /** Resolves when nobody can write any more. */
  readonly ended: Promise<void>;
  readonly #watchers = new Set<() => void>();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.ended = this.#read();
  }

  /** Reads no more: who writes then, writes to nobody. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  get lines(): readonly LogLine[] {
    return this.text.map((line) => JSON.parse(line) as LogLine);
  }

  find(event: string): LogLine | undefined {
    return this.lines.find((line) => line.event === event);
  }

  /** Resolves when there is a line with this event, past ones included. */
  async wait(event: string): Promise<LogLine> {
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    const watch = () => {
      const line = this.find(event);
      if (line !== undefined) resolve(line);
    };
    this.#watchers.add(watch);
    try {
      watch();
      return await within(`the log line "${event}"`, promise);
    } finally {
      this.#watchers.delete(watch);
    }
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
      for (const watch of this.#watchers) watch();
    }
    if (rest !== "") this.text.push(rest);
  }
}
