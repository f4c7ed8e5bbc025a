import type { ReadableStreamDefaultReader } from "node:stream/web";
import { within } from "./deadline.ts";

/** What a process writes, line by line. */
export class Lines {
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

  /** Resolves with the first line that matches, past ones included. */
  waitForText(pattern: RegExp): Promise<string> {
    return this.waitFor(`a line like ${pattern}`, () => this.text.find((line) => pattern.test(line)));
  }

  /** Resolves with what `find` gives, once it gives something. It is asked again after each change. */
  protected async waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const watch = () => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    this.#watchers.add(watch);
    try {
      watch();
      return await within(what, promise);
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
