import type { ChainError } from "../core/errors.ts";
import type { Submission } from "../core/proposal.ts";
import type { Propose } from "../vm/chain-view.ts";
import { Batches } from "./batches.ts";

/** Proposals that one commit takes at most: what is hashed and written in some tens of milliseconds. */
export const maxCommitItems = 256;
/** Bytes of their data, beside a first proposal of any size. */
export const maxCommitBytes = 4 * 1024 * 1024;

/** Puts what clients propose together into one commit: each waits for a disk to sync. */
export class ProposalQueue {
  readonly #batches: Batches<Submission, ChainError | undefined>;

  constructor(propose: Propose) {
    const bytesOf = ({ data }: Submission) => data.length;
    this.#batches = new Batches(propose, { maxItems: maxCommitItems, maxBytes: maxCommitBytes, bytesOf });
  }

  /** Resolves when the data is on disk. Rejects with "data too large", "mempool full" or "database failed". */
  async propose(data: Uint8Array, caller: string): Promise<void> {
    const refusal = await this.#batches.ask({ data, caller });
    if (refusal !== undefined) throw refusal;
  }
}
