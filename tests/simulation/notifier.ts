import { repeatAfterMs } from "../../src/vm/build-event.ts";
import type { Vm } from "../../src/vm/vm.ts";
import type { World } from "./world.ts";

/** What a clock alone has changed, by going on or by jumping, the VM sees within this time. */
const tickMs = 1_000;

export interface NotifierParts {
  readonly node: number;
  readonly vm: Vm;
  readonly world: World;
  /** How long the node must wait before it may build on its preference. */
  readonly slotWaitMs: () => number;
  /** Takes the message that there is something to build. */
  readonly notify: () => void;
}

/**
 * Asks the VM for events, as the node does (avalanchego v1.14.2, snow/engine/common/notifier.go and
 * vms/proposervm/vm.go:439): in the node's slot only, and after an answer not again before `checkForEvent`.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  #controller = new AbortController();
  #isOver = false;
  /** Since when the VM owes an answer; undefined while it is not asked. */
  #askedAtMs: number | undefined;
  #changedAtMs = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #changedSinceAnswer = true;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  /** Cancels what it waits for, and asks again. */
  checkForEvent(): void {
    this.#controller.abort(new Error("cancelled"));
    this.#askedAtMs = undefined;
    if (this.#isOver) return;
    const controller = new AbortController();
    this.#controller = controller;
    const { random } = this.#parts.world;
    this.#later(controller, random.between(0, 2), () => this.#subscribe(controller));
  }

  /** To be called after everything that may change what the VM would build. */
  changed(settleMs = 0): void {
    this.#changedAtMs = this.#nowMs + settleMs;
    this.#changedSinceAnswer = true;
  }

  stop(): void {
    this.#isOver = true;
    this.checkForEvent();
  }

  /** Looks whether the VM could build although it does not answer. */
  checkWaiting(): void {
    const { vm, world, node } = this.#parts;
    const interval = world.plan.config.minBlockIntervalMs ?? 0;
    const tick = world.plan.faults.includes("clock jump") ? tickMs : 0;
    const sinceMs = Math.max(this.#askedAtMs ?? Number.POSITIVE_INFINITY, this.#changedAtMs);
    if (this.#nowMs <= sinceMs + repeatAfterMs + interval + tick) return;
    try {
      vm.buildBlock();
    } catch {
      return; // right, there is nothing to say
    }
    world.journal.violate(`node ${node}: a wake-up is lost, it could build since ${this.#nowMs - sinceMs} ms`);
  }

  #subscribe(controller: AbortController): void {
    const waitMs = this.#parts.slotWaitMs();
    if (waitMs > 0) return this.#later(controller, waitMs, () => this.#subscribe(controller));
    this.#askedAtMs = this.#nowMs;
    this.#parts.vm.waitForEvent(controller.signal).then(
      () => this.#answered(controller),
      (error) => this.#refused(controller, error),
    );
  }

  #answered(controller: AbortController): void {
    if (this.#isOver) return;
    const { world, node } = this.#parts;
    world.journal.count("events of VMs");
    if (!this.#changedSinceAnswer && this.#nowMs < this.#answeredAtMs + repeatAfterMs) {
      world.journal.violate(`node ${node}: the same work is announced after ${this.#nowMs - this.#answeredAtMs} ms`);
    }
    this.#answeredAtMs = this.#nowMs;
    // What changed in this same millisecond may have come after the answer.
    this.#changedSinceAnswer = this.#changedAtMs >= this.#nowMs;
    if (controller === this.#controller) this.#askedAtMs = undefined;
    this.#later(controller, world.random.between(0, 3), this.#parts.notify);
  }

  #refused(controller: AbortController, error: unknown): void {
    const { world, node } = this.#parts;
    if (controller.signal.aborted || this.#isOver) return;
    world.journal.violate(`node ${node}: WaitForEvent refused: ${error}`);
  }

  /** An answer that comes after a cancellation is lost. */
  #later(controller: AbortController, ms: number, task: () => void): void {
    this.#parts.world.schedule.after(ms, () => {
      if (!controller.signal.aborted && !this.#isOver) task();
    });
  }

  get #nowMs(): number {
    return this.#parts.world.schedule.nowMs;
  }
}
