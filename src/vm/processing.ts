import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import type { FirstSight } from "../core/time-claim.ts";

/**
 * The most bytes that all processing blocks may hold. Until proposervm activates, any peer may send any number of valid
 * blocks at height 1, and all are kept until one is accepted. A block that is refused here may be verified again later.
 */
export const maxProcessingBytes = 256 * 1024 * 1024;
/**
 * Bytes of memory that a block takes besides its bytes and data: objects, texts and map entries. Measured with one
 * block at each height; many at one height take less.
 */
export const processingBlockBytes = 2_300;

/** A verified block that consensus has not decided. */
export interface ProcessingBlock {
  readonly block: Block;
  readonly digest: Digest;
  /** When this node first saw it; undefined if that is not known. */
  readonly firstSight: FirstSight | undefined;
}

/** The number of blocks that carry data of a digest; no entry for none. */
type Counts = Map<Digest, number>;

/** The blocks of one height. */
interface Level {
  readonly ids: Set<Id>;
  readonly counts: Counts;
}

/**
 * The blocks between verification and decision. They are in memory only: after a restart, peers send them again.
 *
 * Heights are decided one after the other. When a block is accepted, all others at its height have lost: they are no
 * longer processing, and are kept only until they are written down as rejected. No call takes longer for more blocks or
 * heights, except `carriedTo`, and `carries` if losers of several heights are not written down yet.
 */
export class ProcessingBlocks {
  readonly #processingById = new Map<Id, ProcessingBlock>(); // includes lost ones
  readonly #counts: Counts = new Map(); // includes lost ones
  readonly #levels = new Map<bigint, Level>();
  readonly #lostLevels = new Map<bigint, Level>();
  #decidedHeight = 0n;
  #lostCount = 0;
  #bytes = 0;
  #added = 0;

  /** How many were added since the start. */
  get added(): number {
    return this.#added;
  }

  get count(): number {
    return this.#processingById.size - this.#lostCount;
  }

  /** How many have lost, and are not written down as rejected yet. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** A block that is processing, and so has not lost. */
  get(id: Id): ProcessingBlock | undefined {
    const processing = this.#processingById.get(id);
    return processing === undefined || this.#hasLost(processing.block.height) ? undefined : processing;
  }

  /** A block that has lost, until it is deleted. */
  getLost(id: Id): Block | undefined {
    const block = this.#processingById.get(id)?.block;
    return block !== undefined && this.#hasLost(block.height) ? block : undefined;
  }

  /** Adds a block above the decided height. Throws "too many processing". */
  add(block: Block, firstSight?: FirstSight): void {
    const bytes = this.#bytes + sizeOf(block);
    if (bytes > maxProcessingBytes) {
      throw new ChainError({ code: "too many processing", bytes, maxBytes: maxProcessingBytes });
    }
    const digest = digestOf(block.data);
    const level = this.#levels.getOrInsertComputed(block.height, newLevel);
    level.ids.add(block.id);
    count(level.counts, digest, 1);
    count(this.#counts, digest, 1);
    this.#processingById.set(block.id, { block, digest, firstSight });
    this.#bytes = bytes;
    this.#added++;
  }

  /** Forgets when a block was first seen. */
  forgetSight(id: Id): void {
    const processing = this.#processingById.get(id);
    if (processing !== undefined) this.#processingById.set(id, { ...processing, firstSight: undefined });
  }

  /** Removes a decided block. A lost one must be written down first. */
  delete({ id }: Block): void {
    const processing = this.#processingById.get(id);
    if (processing === undefined) return;
    const { block, digest } = processing;
    this.#processingById.delete(id);
    this.#bytes -= sizeOf(block);
    count(this.#counts, digest, -1);
    const hasLost = this.#hasLost(block.height);
    if (hasLost) this.#lostCount--;
    const levels = hasLost ? this.#lostLevels : this.#levels;
    const level = levels.get(block.height) ?? newLevel();
    level.ids.delete(id);
    count(level.counts, digest, -1);
    if (level.ids.size === 0) levels.delete(block.height);
  }

  /** Notes that a block is accepted, so that all others at its height have lost. Gives how many these are. */
  decide(winner: Block): number {
    this.delete(winner);
    const { height } = winner;
    this.#decidedHeight = height;
    const level = this.#levels.get(height);
    if (level === undefined) return 0;
    this.#levels.delete(height);
    this.#lostLevels.set(height, level);
    this.#lostCount += level.ids.size;
    return level.ids.size;
  }

  /** Up to `limit` of the blocks that have lost. */
  someLost(limit: number): Block[] {
    const lost: Block[] = [];
    for (const { ids } of this.#lostLevels.values()) {
      for (const id of ids) {
        const block = this.getLost(id);
        if (lost.length === limit) return lost;
        if (block !== undefined) lost.push(block);
      }
    }
    return lost;
  }

  /** Whether a processing block carries data of this digest. */
  carries(digest: Digest): boolean {
    let processing = this.#counts.get(digest) ?? 0;
    if (processing === 0) return false;
    for (const { counts } of this.#lostLevels.values()) processing -= counts.get(digest) ?? 0;
    return processing > 0;
  }

  /** The digests of the data that block `id` and its processing ancestors carry, newest first. */
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
  return { ids: new Set(), counts: new Map() };
}

function count(counts: Counts, digest: Digest, change: 1 | -1): void {
  const next = (counts.get(digest) ?? 0) + change;
  if (next === 0) counts.delete(digest);
  else counts.set(digest, next);
}

function sizeOf(block: Block): number {
  return block.bytes.length + block.data.length + processingBlockBytes;
}
