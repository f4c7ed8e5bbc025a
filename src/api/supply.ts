import { isFairShare } from "../vm/shares.ts";

/** Something of which there is so much, and which callers share. */
export class Supply {
  /** How much there is. */
  max: number;
  readonly #onHeld: (held: number) => void;
  #held = 0;
  readonly #heldByCaller = new Map<string, number>();

  /** `onHeld` is called with how much is taken, each time that this changes. */
  constructor(max: number, onHeld: (held: number) => void = () => {}) {
    this.max = max;
    this.#onHeld = onHeld;
  }

  /** Takes some, of which it is not known yet whose it is. False when there is not so much left. */
  take(amount: number): boolean {
    if (this.#held + amount > this.max) return false;
    this.#hold(amount);
    return true;
  }

  /** Makes what was taken a caller's. False when it is more than his share. */
  giveTo(caller: string, amount: number): boolean {
    const own = this.#heldByCaller.get(caller) ?? 0;
    if (!isFairShare(own, amount, this.max - this.#held + amount)) return false;
    this.#heldByCaller.set(caller, own + amount);
    return true;
  }

  /** Puts back what was taken, and given to a caller or to nobody. */
  putBack(amount: number, caller: string | undefined): void {
    this.#hold(-amount);
    if (caller === undefined) return;
    const own = (this.#heldByCaller.get(caller) ?? 0) - amount;
    if (own > 0) this.#heldByCaller.set(caller, own);
    else this.#heldByCaller.delete(caller);
  }

  #hold(more: number): void {
    this.#held += more;
    this.#onHeld(this.#held);
  }
}
