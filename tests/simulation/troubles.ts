import type { Plan } from "./plan.ts";
import type { Random } from "./random.ts";

/** What may go wrong at any moment, until faults end. */
export class Troubles {
  readonly #plan: Plan;
  readonly #random: Random;
  #isOver = false;

  constructor(plan: Plan, random: Random) {
    this.#plan = plan;
    this.#random = random;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether a node is killed at this very step. */
  kills(): boolean {
    return this.#is(this.#plan.dieRate);
  }

  /** Whether a node is killed while it rewinds. */
  killsAtStart(): boolean {
    return this.#is(this.#plan.dieRate * 20);
  }

  /** Whether a built block comes to nothing. */
  wastes(): boolean {
    return this.#is(this.#plan.wasteRate);
  }

  loses(): boolean {
    return this.#is(this.#plan.lossRate);
  }

  duplicates(): boolean {
    return this.#is(this.#plan.duplicateRate);
  }

  end(): void {
    this.#isOver = true;
  }

  #is(rate: number): boolean {
    return !this.#isOver && this.#random.chance(rate);
  }
}
