import type { Block } from "../core/block.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import type { Id } from "../core/id.ts";

/**
 * Before the first block behind the fork anyone may send any number of valid blocks of height 1, and all are kept until
 * one is accepted. A refused verification is no harm: the block may be verified again later.
 */
export const maxProcessingBytes = 256 * 1024 * 1024;
/** Bytes of memory that a block takes beside its bytes and its data: its objects, texts and entries, as measured. */
export const processingBlockBytes = 1_700;

/** A verified block that consensus has not decided. */
export interface ProcessingBlock {
  readonly block: Block;
  readonly digest: Digest;
}

/** The blocks of one height. */
interface Level {
  readonly ids: Set<Id>;
  readonly countByDigest: Map<Digest, number>;
}

/**
 * The blocks between verification and decision. They live in memory only: after a restart peers send them again. When a
 * height is decided, all that stand at it or below have lost, and are processing no more, however many they are; they
 * are kept until it is written down that they were rejected.
 */
export class ProcessingBlocks {
  readonly #processingById = new Map<Id, ProcessingBlock>(); // the lost ones as well
  readonly #levelByHeight = new Map<bigint, Level>();
  #decidedHeight = 0n;
  #lostCount = 0;
  #bytes = 0;

  get count(): number {
    return this.#processingById.size - this.#lostCount;
  }

  /** How many have lost, of which that is not written down yet. */
  get lostCount(): number {
    return this.#lostCount;
  }

  get(id: Id): ProcessingBlock | undefined {
    const processing = this.#processingById.get(id);
    return processing === undefined || this.#hasLost(processing.block.height) ? undefined : processing;
  }

  /** One that has lost, until it is deleted. */
  getLost(id: Id): Block | undefined {
    const block = this.#processingById.get(id)?.block;
    return block !== undefined && this.#hasLost(block.height) ? block : undefined;
  }

  /** Takes a block above the decided height. Throws "too many processing". */
  add(block: Block): void {
    const bytes = this.#bytes + sizeOf(block);
    if (bytes > maxProcessingBytes) {
      throw new VmError({ code: "too many processing", bytes, maxBytes: maxProcessingBytes });
    }
    const digest = digestOf(block.data);
    const level = this.#levelByHeight.getOrInsertComputed(block.height, newLevel);
    level.ids.add(block.id);
    level.countByDigest.set(digest, (level.countByDigest.get(digest) ?? 0) + 1);
    this.#processingById.set(block.id, { block, digest });
    this.#bytes = bytes;
  }

  /** One that is decided, or a lost one of which that is written down. */
  delete({ id }: Block): void {
    const processing = this.#processingById.get(id);
    if (processing === undefined) return;
    const { block, digest } = processing;
    this.#processingById.delete(id);
    this.#bytes -= sizeOf(block);
    if (this.#hasLost(block.height)) this.#lostCount--;
    const level = this.#levelByHeight.get(block.height) ?? newLevel();
    const others = (level.countByDigest.get(digest) ?? 1) - 1;
    level.ids.delete(id);
    if (level.ids.size === 0) this.#levelByHeight.delete(block.height);
    else if (others === 0) level.countByDigest.delete(digest);
    else level.countByDigest.set(digest, others);
  }

  /** This block is accepted: all others at its height and below have lost. Gives how many those are. */
  decide(winner: Block): number {
    this.delete(winner);
    let lost = 0;
    for (const [height, { ids }] of this.#levelByHeight) {
      if (height <= winner.height && !this.#hasLost(height)) lost += ids.size;
    }
    this.#decidedHeight = winner.height;
    this.#lostCount += lost;
    return lost;
  }

  /** Some of those that have lost, at most so many; none when there are none. */
  someLost(limit: number): Block[] {
    const lost: Block[] = [];
    for (const [height, { ids }] of this.#levelByHeight) {
      if (!this.#hasLost(height)) continue;
      for (const id of ids) {
        const block = this.getLost(id);
        if (lost.length === limit) return lost;
        if (block !== undefined) lost.push(block);
      }
    }
    return lost;
  }

  /** Whether data of this digest is in any of them. */
  carries(digest: Digest): boolean {
    for (const [height, { countByDigest }] of this.#levelByHeight) {
      if (!this.#hasLost(height) && countByDigest.has(digest)) return true;
    }
    return false;
  }

  /** What `id` and its processing ancestors carry. */
  carriedTo(id: Id): Set<Digest> {
    const carried = new Set<Digest>();
    let next = this.get(id);
    while (next !== undefined) {
      carried.add(next.digest);
      next = this.get(next.block.parentId);
    }
    return carried;
  }

  #hasLost(height: bigint): boolean {
    return height <= this.#decidedHeight;
  }
}

function newLevel(): Level {
  return { ids: new Set(), countByDigest: new Map() };
}

function sizeOf(block: Block): number {
  return block.bytes.length + block.data.length + processingBlockBytes;
}
