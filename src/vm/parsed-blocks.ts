import type { Id } from "../avalanche/id.ts";
import { type Block, blockIdOf, parseBlock } from "../core/block.ts";

/** How many blocks are kept: those of the node's last calls, since it sends each block several times. */
export const maxParsedBlocks = 256;
/** How many bytes they and their data may have together. */
export const maxParsedBytes = 16 * 1024 * 1024;

/** The blocks that were parsed last, so that the same bytes are parsed once. */
export class ParsedBlocks {
  readonly #blockById = new Map<Id, Block>(); // the least recently used first
  #bytes = 0;

  /** Gives a block with a copy of the bytes, which may change afterwards. Throws "malformed block". */
  parse(bytes: Uint8Array): Block {
    const id = blockIdOf(bytes);
    const known = this.#blockById.get(id);
    if (known !== undefined) this.#delete(known);
    const block = known ?? parseBlock(new Uint8Array(bytes), id);
    this.add(block);
    return block;
  }

  /** To be called for a block that is made here. */
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
