import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import type { Clock } from "./clock.ts";

/** How much of a batch of ancestors is wanted. Any of them may be zero or negative. */
export interface AncestorLimits {
  readonly maxBlocks: number;
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** The block and its ancestors, newest first, as many as the limits allow but at least the block; [] if unknown. */
export function collectAncestors(
  id: Id,
  { maxBlocks, maxBytes, maxMs }: AncestorLimits,
  getBlock: (id: Id) => Block | undefined,
  clock: Clock,
): Block[] {
  const startMs = clock.elapsedMs();
  const isLate = (bytes: number) => {
    const ms = clock.elapsedMs() - startMs;
    return ms > maxMs || (bytes > quickBytes && ms > maxAncestorsMs);
  };
  const ancestors: Block[] = [];
  let bytes = 0;
  for (let block = getBlock(id); block !== undefined; block = getBlock(block.parentId)) {
    bytes += block.bytes.length + bytesOfLength;
    if (ancestors.length > 0 && (bytes > maxBytes || isLate(bytes))) break;
    ancestors.push(block);
    if (ancestors.length >= Math.min(maxBlocks, maxAncestors) || block.height === 0n) break;
  }
  return ancestors;
}

/** Milliseconds after which a batch ends: a peer asks for it, and others must not wait as long as the node would. */
export const maxAncestorsMs = 20;
/** Bytes that are given whatever that takes: a millisecond or two, unless the machine does something else. */
export const quickBytes = 16 * 1024;
/** Each block in a batch of ancestors is preceded by its length (avalanchego v1.14.2, wrappers.IntLen). */
const bytesOfLength = 4;
/** More blocks than any node asks for at once. */
const maxAncestors = 2_048;
