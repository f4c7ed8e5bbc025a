import { within } from "./deadline.ts";

/** Those who wait for something that changes step by step. */
export class Watchers {
  readonly #watchers = new Set<() => void>();

  /** After each change. */
  changed(): void {
    for (const watch of this.#watchers) watch();
  }

  /** Resolves with what `find` gives, once it gives something. `what` names it where that takes too long. */
  async waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
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
}
