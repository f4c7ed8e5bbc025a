import { textOf } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { Log } from "../log.ts";
import type { Validators } from "../rpcchainvm/node/validators.ts";
import type { Clock } from "../vm/clock.ts";

/** Milliseconds between an answer and the next question. Validators change rarely, within hours. */
export const validatorsPauseMs = 60_000;

export interface ValidatorWatchOptions {
  readonly validators: Validators;
  readonly subnetId: Id;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the weights of all validators. */
  readonly onSet: (weights: ReadonlyMap<NodeId, bigint>) => void;
}

/** Asks the node again and again who validates the chain. If it does not answer, the last answer stays valid. */
export class ValidatorWatch {
  readonly #options: ValidatorWatchOptions;
  #phase: "new" | "watching" | "stopped" = "new";
  /** How many validators the node named last. */
  #count: number | undefined;
  #isFailing = false;
  #cancelNext: () => void = () => {};

  constructor(options: ValidatorWatchOptions) {
    this.#options = options;
  }

  /** Asks at once, and again after each pause. A second call of `start` does nothing. */
  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "watching";
    void this.#ask();
  }

  /** Stops. A late answer is ignored. */
  stop(): void {
    this.#phase = "stopped";
    this.#cancelNext();
  }

  async #ask(): Promise<void> {
    const { clock, onSet } = this.#options;
    const weights = await this.#current();
    if (this.#phase === "stopped") return;
    if (weights !== undefined) onSet(weights);
    this.#cancelNext = clock.after(validatorsPauseMs, () => void this.#ask());
  }

  /** Undefined when the node does not answer. Logs each change of the number, and the first failure of several. */
  async #current(): Promise<ReadonlyMap<NodeId, bigint> | undefined> {
    const { validators, subnetId, log } = this.#options;
    try {
      const height = await validators.getCurrentHeight();
      const weights = await validators.getValidatorSet(height, subnetId);
      log[weights.size === this.#count ? "debug" : "info"]("validators", { height, count: weights.size });
      this.#count = weights.size;
      this.#isFailing = false;
      return weights;
    } catch (error) {
      if (this.#phase === "stopped") return undefined;
      log[this.#isFailing ? "debug" : "warn"]("validators are not known", { error: textOf(error) });
      this.#isFailing = true;
      return undefined;
    }
  }
}
