import type { Submission } from "../core/proposal.ts";
import type { Propose, Refusals } from "../vm/chain-view.ts";

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
  readonly #propose: Propose;
  #entries: Entry[] = [];

  constructor(propose: Propose) {
    this.#propose = propose;
  }

  /** Resolves when the data is on disk. Rejects with "data too large", "mempool full" or "database failed". */
  propose(data: Uint8Array, caller: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ data, caller, resolve, reject });
      if (this.#entries.length === 1) setImmediate(() => this.#commit());
    });
  }

  /** Answers at once where it can: what was proposed is answered before a block with it comes. */
  #commit(): void {
    const entries = this.#takeBatch();
    if (this.#entries.length > 0) setImmediate(() => this.#commit());
    const settle = (refusals: Refusals) => {
      entries.forEach(({ resolve, reject }, i) => {
        if (refusals[i] === undefined) resolve();
        else reject(refusals[i]);
      });
    };
    const fail = (error: unknown) => {
      for (const { reject } of entries) reject(error);
    };
    try {
      const refusals = this.#propose(entries);
      if (refusals instanceof Promise) refusals.then(settle, fail);
      else settle(refusals);
    } catch (error) {
      fail(error);
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
