/**
 * Whether an owner that holds `own` may take `more` of the `free` rest. Afterwards an owner may hold no more than what
 * is still free: one alone gets half of all, two get a third each, and there is always room for one more. An owner that
 * holds nothing may take all that is free.
 */
export function isFairShare(own: number, more: number, free: number): boolean {
  return own + more <= free - more || (own === 0 && more <= free);
}

/** How much one owner holds. */
export interface Load {
  readonly items: number;
  readonly bytes: number;
}

const empty: Load = { items: 0, bytes: 0 };

/** How much each of many owners holds. One that holds nothing takes no memory. */
export class Loads<Owner> {
  readonly #loadByOwner = new Map<Owner, Load>();

  get owners(): Iterable<Owner> {
    return this.#loadByOwner.keys();
  }

  of(owner: Owner): Load {
    return this.#loadByOwner.get(owner) ?? empty;
  }

  /** Negative numbers subtract. */
  add(owner: Owner, items: number, bytes: number): void {
    const load = this.of(owner);
    if (load.items + items === 0) this.#loadByOwner.delete(owner);
    else this.#loadByOwner.set(owner, { items: load.items + items, bytes: load.bytes + bytes });
  }
}
