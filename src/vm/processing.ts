import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";

/**
 * Before the first block behind the fork anyone may send any number of valid blocks of height 1, and all are kept until
 * one is accepted. A refused verification is no harm: the block may be verified again later.
 */
export const maxProcessingBytes = 256 * 1024 * 1024;
/**
 * Bytes of memory that a block takes beside its bytes and its data: its objects, texts and entries, as measured where each
 * has a height of its own. Many at one height take less.
 */
export const processingBlockBytes = 2_300;

/** A verified block that consensus has not decided. */
export interface ProcessingBlock {
  readonly block: Block;
  readonly digest: Digest;
}

/** How many blocks carry data of a digest; none has no entry. */
type Counts = Map<Digest, number>;

/** The blocks of one height. */
interface Level {
  readonly ids: Set<Id>;
  readonly counts: Counts;
}

/**
 * The blocks between verification and decision. They live in memory only: after a restart peers send them again. Heights
 * are decided one after the other. When one is, all that stand at it have lost, and are processing no more, however many
 * they are; they are kept until it is written down that they were rejected. No call takes longer for more blocks or more
 * heights, but for `carriedTo`, and for the few heights of which losers are left to write down.
 */
export class ProcessingBlocks {
  readonly #processingById = new Map<Id, ProcessingBlock>(); // the lost ones as well
  readonly #counts: Counts = new Map(); // of the lost ones as well
  readonly #levels = new Map<bigint, Level>();
  readonly #lostLevels = new Map<bigint, Level>();
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
      throw new ChainError({ code: "too many processing", bytes, maxBytes: maxProcessingBytes });
    }
    const digest = digestOf(block.data);
    const level = this.#levels.getOrInsertComputed(block.height, newLevel);
    level.ids.add(block.id);
    count(level.counts, digest, 1);
    count(this.#counts, digest, 1);
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
    count(this.#counts, digest, -1);
    const hasLost = this.#hasLost(block.height);
    if (hasLost) this.#lostCount--;
    const levels = hasLost ? this.#lostLevels : this.#levels;
    const level = levels.get(block.height) ?? newLevel();
    level.ids.delete(id);
    count(level.counts, digest, -1);
    if (level.ids.size === 0) levels.delete(block.height);
  }

  /** This block, one above the last one, is accepted: all others at its height have lost. Gives how many those are. */
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

  /** Some of those that have lost, at most so many; none when there are none. */
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

  /** Whether data of this digest is in any of them. */
  carries(digest: Digest): boolean {
    let processing = this.#counts.get(digest) ?? 0;
    if (processing === 0) return false;
    for (const { counts } of this.#lostLevels.values()) processing -= counts.get(digest) ?? 0;
    return processing > 0;
  }

  /** What `id` and its processing ancestors carry, newest first. */
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
