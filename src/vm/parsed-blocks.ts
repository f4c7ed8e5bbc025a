import type { Id } from "../avalanche/id.ts";
import { type Block, blockIdOf, parseBlock } from "../core/block.ts";

/** The most blocks that are kept, those of the node's last calls: it sends each block several times. */
export const maxParsedBlocks = 256;
/** The most bytes of these blocks and their data together. */
export const maxParsedBytes = 16 * 1024 * 1024;

/** The last parsed blocks, so that the same bytes are parsed only once. */
export class ParsedBlocks {
  readonly #blockById = new Map<Id, Block>(); // the least recently used first
  #bytes = 0;

  /** Parses a block. Copies `bytes`, which the caller may change afterwards. Throws "malformed block". */
  parse(bytes: Uint8Array): Block {
    const id = blockIdOf(bytes);
    const known = this.#blockById.get(id);
    if (known !== undefined) this.#delete(known);
    const block = known ?? parseBlock(new Uint8Array(bytes), id);
    this.add(block);
    return block;
  }

  /** Call it also for a block that is built here. */
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
