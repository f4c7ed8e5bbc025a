import type { Vm } from "../vm/vm.ts";

interface Entry {
  readonly data: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Puts what clients propose in one turn of the event loop into one commit: each waits for a disk to sync. */
export class ProposalQueue {
  readonly #vm: Vm;
  #entries: Entry[] = [];

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** Resolves when the data is on disk. Rejects with "data too large", "mempool full" or "database failed". */
  propose(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ data, resolve, reject });
      if (this.#entries.length === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const entries = this.#entries;
    this.#entries = [];
    try {
      const refusals = this.#vm.proposeBlocks(entries.map(({ data }) => data));
      entries.forEach(({ resolve, reject }, i) => {
        if (refusals[i] === undefined) resolve();
        else reject(refusals[i]);
      });
    } catch (error) {
      for (const { reject } of entries) reject(error);
    }
  }
}
