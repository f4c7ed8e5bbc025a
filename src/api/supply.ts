import { isFairShare } from "../vm/shares.ts";

/** A limited amount that callers share. */
export class Supply {
  /** The whole amount. */
  max: number;
  readonly #onHeld: (held: number) => void;
  #held = 0;
  readonly #heldByCaller = new Map<string, number>();

  /** `onHeld` is called with the taken amount whenever it changes. */
  constructor(max: number, onHeld: (held: number) => void = () => {}) {
    this.max = max;
    this.#onHeld = onHeld;
  }

  /** Takes some for a caller who is not known yet. False when there is not enough left. */
  take(amount: number): boolean {
    if (this.#held + amount > this.max) return false;
    this.#hold(amount);
    return true;
  }

  /** Assigns what was taken to a caller. False when it is more than the caller's share. */
  giveTo(caller: string, amount: number): boolean {
    const own = this.#heldByCaller.get(caller) ?? 0;
    if (!isFairShare(own, amount, this.max - this.#held + amount)) return false;
    this.#heldByCaller.set(caller, own + amount);
    return true;
  }

  /** Gives back what was taken, whether it was assigned to a caller or not. */
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
