import type { ChainError } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import type { Propose } from "../vm/chain-view.ts";
import { Batches } from "./batches.ts";

/** At most so many proposals are in one commit, which takes some tens of milliseconds. */
export const maxCommitItems = 256;
/** At most so many bytes of data are in one commit, after a first proposal of any size. */
export const maxCommitBytes = 4 * 1024 * 1024;

/** Collects clients' proposals into one commit, since each commit waits until the disk is synced. */
export class ProposalQueue {
  readonly #batches: Batches<Submission, ChainError | undefined>;

  constructor(propose: Propose) {
    const bytesOf = ({ data }: Submission) => data.length;
    this.#batches = new Batches(propose, { maxItems: maxCommitItems, maxBytes: maxCommitBytes, bytesOf });
  }

  /** Resolves when the data is on disk. Rejects with "data too large", "mempool full" or "database failed". */
  propose(data: Uint8Array, caller: string): Promise<void> {
    return this.#ask({ data, caller });
  }

  /** The same, unless an accepted block carries the data by then. */
  stamp(data: Uint8Array, caller: string): Promise<void> {
    return this.#ask({ data, caller, once: true });
  }

  async #ask(submission: Submission): Promise<void> {
    const refusal = await this.#batches.ask(submission);
    if (refusal !== undefined) throw refusal;
  }
}
