import type { Digest } from "../core/digest.ts";
import { digestOf } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";

/**
 * A block is hex text of twice its data, and must fit with its headers into the 2 MiB that AvalancheGo sends at once
 * (v1.14.2, utils/constants/networking.go:17): larger data could be built into a block that no peer ever sees.
 */
export const maxDataBytes = 1_000_000;

export interface MempoolLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Data that waits for a block. */
export interface Proposal {
  readonly digest: Digest;
  readonly data: Uint8Array;
  /** When it came, Unix seconds. */
  readonly since: bigint;
}

/**
 * The proposals that no accepted block carries yet, first come, first served. A proposal stays while blocks with it
 * are built, verified or rejected; only `remove`, after an accept, takes it out.
 */
export class Mempool {
  readonly #limits: MempoolLimits;
  readonly #proposalByDigest = new Map<Digest, Proposal>(); // in the order they came
  #bytes = 0;

  constructor(limits: MempoolLimits) {
    this.#limits = limits;
  }

  get items(): number {
    return this.#proposalByDigest.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Proposal | undefined {
    return this.#proposalByDigest.values().next().value;
  }

  /** False when the same data waits already. Throws "data too large" or "mempool full". */
  add(data: Uint8Array, now: bigint): boolean {
    if (data.length > maxDataBytes) {
      throw new VmError({ code: "data too large", bytes: data.length, maxBytes: maxDataBytes });
    }
    const digest = digestOf(data);
    if (this.#proposalByDigest.has(digest)) return false;
    if (!this.hasRoom(data.length, 1))
      throw new VmError({ code: "mempool full", items: this.items, bytes: this.bytes });
    this.#proposalByDigest.set(digest, { digest, data, since: now });
    this.#bytes += data.length;
    return true;
  }

  /** Whether one more proposal of so many bytes fits into this share, from 0 to 1, of the mempool. */
  hasRoom(bytes: number, share: number): boolean {
    return this.items < this.#limits.maxItems * share && this.#bytes + bytes <= this.#limits.maxBytes * share;
  }

  remove(digest: Digest): void {
    const proposal = this.#proposalByDigest.get(digest);
    if (proposal === undefined) return;
    this.#proposalByDigest.delete(digest);
    this.#bytes -= proposal.data.length;
  }

  /** The oldest proposal that is not among `carried`. */
  first(carried: ReadonlySet<Digest>): Proposal | undefined {
    for (const proposal of this.#proposalByDigest.values()) {
      if (!carried.has(proposal.digest)) return proposal;
    }
    return undefined;
  }
}
