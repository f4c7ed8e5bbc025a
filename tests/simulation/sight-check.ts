import type { Id } from "../../src/avalanche/id.ts";
import type { Vm } from "../../src/vm/vm.ts";
import type { Journal } from "./journal.ts";

/** Checks when one process of a VM says that it first saw blocks. */
export class SightCheck {
  readonly #vm: Vm;
  readonly #journal: Journal;
  readonly #nowMs: () => bigint;
  readonly #seenMs = new Map<Id, bigint>();
  #checked: bigint;

  /** `nowMs` is the node's own clock. Earlier blocks were seen by earlier processes. */
  constructor(vm: Vm, journal: Journal, nowMs: () => bigint) {
    this.#vm = vm;
    this.#journal = journal;
    this.#nowMs = nowMs;
    this.#checked = vm.lastAccepted.height;
  }

  /** Call it when a block was verified in normal operation. */
  note(id: Id): void {
    if (!this.#seenMs.has(id)) this.#seenMs.set(id, this.#nowMs());
  }

  /** A sight of a new block is the clock at its first verify in this process, or none. */
  check(): void {
    const { confirmed } = this.#vm;
    for (; this.#checked < confirmed.last.height; this.#checked++) {
      const height = this.#checked + 1n;
      const ms = confirmed.firstSightAt(height)?.ms;
      const seenMs = this.#seenMs.get(this.#vm.getBlockIdAtHeight(height) ?? confirmed.last.id);
      if (ms === undefined) continue;
      this.#journal.count("first sights");
      if (ms !== seenMs) this.#journal.violate(`block ${height} was seen at ${ms} instead of ${seenMs ?? "no time"}`);
    }
  }
}
