import type { Block } from "../core/block.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import type { Id } from "../core/id.ts";

/**
 * Before the first block behind the fork anyone may send any number of valid blocks of height 1, and all are kept until
 * one is accepted. A refused verification is no harm: the block may be verified again later.
 */
export const maxProcessingBytes = 256 * 1024 * 1024;

/** A verified block that consensus has not decided. */
export interface ProcessingBlock {
  readonly block: Block;
  readonly digest: Digest;
}

/** The blocks between verification and decision. They live in memory only: after a restart peers send them again. */
export class ProcessingBlocks {
  readonly #processingById = new Map<Id, ProcessingBlock>();
  readonly #countByDigest = new Map<Digest, number>();
  #bytes = 0;

  get count(): number {
    return this.#processingById.size;
  }

  get(id: Id): ProcessingBlock | undefined {
    return this.#processingById.get(id);
  }

  /** Throws "too many processing". */
  add(block: Block): void {
    const bytes = this.#bytes + sizeOf(block);
    if (bytes > maxProcessingBytes) {
      throw new VmError({ code: "too many processing", bytes, maxBytes: maxProcessingBytes });
    }
    const digest = digestOf(block.data);
    this.#processingById.set(block.id, { block, digest });
    this.#count(digest, 1);
    this.#bytes = bytes;
  }

  delete({ id }: Block): void {
    const processing = this.#processingById.get(id);
    if (processing === undefined) return;
    this.#processingById.delete(id);
    this.#count(processing.digest, -1);
    this.#bytes -= sizeOf(processing.block);
  }

  /** Whether data of this digest is in any of them. */
  carries(digest: Digest): boolean {
    return this.#countByDigest.has(digest);
  }

  /** The other blocks at or below the height of an accepted one: they have lost. */
  losersTo(winner: Block): Block[] {
    return [...this.#processingById.values()]
      .map(({ block }) => block)
      .filter((block) => block.height <= winner.height && block.id !== winner.id);
  }

  /** What `id` and its processing ancestors carry. */
  carriedTo(id: Id): Set<Digest> {
    const carried = new Set<Digest>();
    let next = this.#processingById.get(id);
    while (next !== undefined) {
      carried.add(next.digest);
      next = this.#processingById.get(next.block.parentId);
    }
    return carried;
  }

  #count(digest: Digest, blocks: 1 | -1): void {
    const count = (this.#countByDigest.get(digest) ?? 0) + blocks;
    if (count === 0) this.#countByDigest.delete(digest);
    else this.#countByDigest.set(digest, count);
  }
}

function sizeOf(block: Block): number {
  return block.bytes.length + block.data.length;
}
