import type { Id } from "../avalanche/id.ts";
import { type Block, blockIdOf, parseBlock } from "../core/block.ts";

/** Blocks that are kept at most: those of some calls of the node, which sends each of them several times. */
export const maxParsedBlocks = 256;
/** Bytes of these blocks and of their data. */
export const maxParsedBytes = 16 * 1024 * 1024;

/** The last blocks that were parsed: the same bytes are parsed once. */
export class ParsedBlocks {
  readonly #blockById = new Map<Id, Block>(); // that first which was asked for least recently
  #bytes = 0;

  /** The block has bytes of its own: those that are given may go, or change. Throws "malformed block". */
  parse(bytes: Uint8Array): Block {
    const id = blockIdOf(bytes);
    const known = this.#blockById.get(id);
    if (known !== undefined) this.#delete(known);
    const block = known ?? parseBlock(new Uint8Array(bytes), id);
    this.add(block);
    return block;
  }

  /** To be called for one that is made here. */
  add(block: Block): void {
    this.#delete(block);
    this.#blockById.set(block.id, block);
    this.#bytes += sizeOf(block);
    for (const oldest of this.#blockById.values()) {
      if (this.#blockById.size <= maxParsedBlocks && this.#bytes <= maxParsedBytes) return;
      this.#delete(oldest);
    }
  }

  get count(): number {
    return this.#blockById.size;
  }

  #delete(block: Block): void {
    if (this.#blockById.delete(block.id)) this.#bytes -= sizeOf(block);
  }
}

function sizeOf({ bytes, data }: Block): number {
  return bytes.length + data.length;
}
