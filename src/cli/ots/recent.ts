/** What was made for keys lately: a question that many files have is asked once. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();

  get(key: string, make: () => T): T {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#kept.size === maxKept) this.#kept.clear();
    const made = make();
    this.#kept.set(key, made);
    return made;
  }
}

/** Answers about blocks, of up to 2 MB each. */
const maxKept = 32;
