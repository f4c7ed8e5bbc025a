/**
 * What waits, by a path of keys, such as caller and request: the first keys go round, so do the second ones of each,
 * and so on; what has the same path comes in its order.
 */
export class Round<T> {
  readonly #items: T[] = [];
  /** In the order of their turns; none is empty. */
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

  /** Takes the next one; the keys that lead to it go behind their likes. */
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
