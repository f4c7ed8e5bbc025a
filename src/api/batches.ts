import type { Awaitable } from "../avalanche/awaitable.ts";

/** The limits of one batch. What is left out has no limit. */
export interface BatchLimits<Item> {
  readonly maxItems?: number;
  /** A first item may have any size. */
  readonly maxBytes?: number;
  readonly bytesOf?: (item: Item) => number;
}

interface Entry<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects the items of one turn of the event loop, and those that come while an answer is awaited, into one batch at a
 * time.
 */
export class Batches<Item, Answer> {
  readonly #ask: (batch: readonly Item[]) => Awaitable<readonly Answer[]>;
  readonly #limits: BatchLimits<Item>;
  #entries: Entry<Item, Answer>[] = [];
  #isUnderWay = false;

  /** `ask` gives one answer for each item, in the same order. */
  constructor(ask: (batch: readonly Item[]) => Awaitable<readonly Answer[]>, limits: BatchLimits<Item> = {}) {
    this.#ask = ask;
    this.#limits = limits;
  }

  /** Gives the answer for the item. If `ask` throws, all items of the batch reject with its error. */
  ask(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ item, resolve, reject });
      this.#askSoon();
    });
  }

  #askSoon(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    setImmediate(() => this.#askNext());
  }

  /** Answers at once if possible: a proposal is answered before a block with it comes. */
  #askNext(): void {
    const entries = this.#takeBatch();
    const end = () => {
      this.#isUnderWay = false;
      if (this.#entries.length > 0) this.#askSoon();
    };
    const settle = (answers: readonly Answer[]) => {
      for (const [i, answer] of answers.entries()) entries[i]?.resolve(answer);
      for (const { reject } of entries.slice(answers.length)) reject(new Error("an answer is missing"));
      end();
    };
    const fail = (error: unknown) => {
      for (const { reject } of entries) reject(error);
      end();
    };
    try {
      const answers = this.#ask(entries.map(({ item }) => item));
      if (answers instanceof Promise) answers.then(settle, fail);
      else settle(answers);
    } catch (error) {
      fail(error);
    }
  }

  #takeBatch(): Entry<Item, Answer>[] {
    const { maxItems, maxBytes = Number.POSITIVE_INFINITY, bytesOf = () => 0 } = this.#limits;
    let items = 0;
    let bytes = 0;
    for (const { item } of this.#entries) {
      const more = bytesOf(item);
      if (items === maxItems || (items > 0 && bytes + more > maxBytes)) break;
      items++;
      bytes += more;
    }
    return this.#entries.splice(0, items);
  }
}
