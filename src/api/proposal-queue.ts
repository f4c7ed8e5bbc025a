import type { Submission } from "../core/proposal.ts";
import type { Vm } from "../vm/vm.ts";

/** Proposals that one commit takes at most: what is hashed and written in some tens of milliseconds. */
export const maxCommitItems = 256;
/** Bytes of their data, beside a first proposal of any size. */
export const maxCommitBytes = 4 * 1024 * 1024;

interface Entry extends Submission {
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
  propose(data: Uint8Array, caller: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ data, caller, resolve, reject });
      if (this.#entries.length === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const entries = this.#takeBatch();
    if (this.#entries.length > 0) setImmediate(() => this.#commit());
    try {
      const refusals = this.#vm.propose(entries);
      entries.forEach(({ resolve, reject }, i) => {
        if (refusals[i] === undefined) resolve();
        else reject(refusals[i]);
      });
    } catch (error) {
      for (const { reject } of entries) reject(error);
    }
  }

  #takeBatch(): Entry[] {
    let items = 0;
    let bytes = 0;
    for (const { data } of this.#entries) {
      if (items === maxCommitItems || (items > 0 && bytes + data.length > maxCommitBytes)) break;
      items++;
      bytes += data.length;
    }
    return this.#entries.splice(0, items);
  }
}
