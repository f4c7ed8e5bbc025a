/** What waits, by name: the names go round, and what has one name comes in its order. */
export class Round<T> {
  /** In the order of their turns; none is empty. */
  readonly #itemsByName = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#itemsByName.size === 0;
  }

  add(name: string, item: T): void {
    const items = this.#itemsByName.get(name);
    if (items === undefined) this.#itemsByName.set(name, [item]);
    else items.push(item);
  }

  /** Takes the first one of the first name, which goes behind all others. */
  take(): T | undefined {
    for (const [name, items] of this.#itemsByName) {
      const item = items.shift();
      this.#itemsByName.delete(name);
      if (items.length > 0) this.#itemsByName.set(name, items);
      return item;
    }
    return undefined;
  }
}
