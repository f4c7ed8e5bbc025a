import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import type { Clock } from "./clock.ts";

/** Limits of a batch of ancestors. Each may be zero or negative. */
export interface AncestorLimits {
  readonly maxBlocks: number;
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** The block and its ancestors, newest first, within the limits, but always the block; [] if it is unknown. */
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

/** Milliseconds after which a batch ends. The node allows more, but other calls wait meanwhile. */
export const maxAncestorsMs = 20;
/** Bytes that a batch may have before that limit applies. They take a millisecond or two on an idle machine. */
export const quickBytes = 16 * 1024;
/** Bytes of the length before each block in a batch (avalanchego v1.14.2, wrappers.IntLen). */
const bytesOfLength = 4;
/** The most blocks in one batch: more than any node asks for. */
const maxAncestors = 2_048;
