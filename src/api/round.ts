/**
 * A queue that is fair by a path of keys, such as caller and request: the first keys take turns, then the second keys
 * of each, and so on. Items with the same path come in their order.
 */
export class Round<T> {
  readonly #items: T[] = [];
  /** The next key first; no queue is empty. */
  readonly #roundByKey = new Map<unknown, Round<T>>();

  get isEmpty(): boolean {
    return this.#items.length === 0 && this.#roundByKey.size === 0;
  }

  add([key, ...rest]: readonly unknown[], item: T): void {
    if (key === undefined) {
      this.#items.push(item);
      return;
    }
    const round = this.#roundByKey.get(key) ?? new Round<T>();
    this.#roundByKey.set(key, round);
    round.add(rest, item);
  }

  /** Takes the next item. The keys of its path go to the end of their queues. */
  take(): T | undefined {
    if (this.#items.length > 0) return this.#items.shift();
    for (const [key, round] of this.#roundByKey) {
      const item = round.take();
      this.#roundByKey.delete(key);
      if (!round.isEmpty) this.#roundByKey.set(key, round);
      return item;
    }
    return undefined;
  }
}
