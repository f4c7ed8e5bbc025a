import type { Id } from "../../avalanche/id.ts";
import type { AncestorLimits, ChainVm } from "../chain-vm.ts";

/**
 * The bytes of a block and of those before it, newest first, as many as the limits allow, but at least the block; []
 * for an unknown block. For a VM without `getAncestors` (avalanchego v1.14.2, snow/engine/snowman/block/batched_vm.go).
 */
export async function walkAncestors(
  vm: Pick<ChainVm, "getBlock">,
  id: Id,
  { maxBlocks, maxBytes, maxMs }: AncestorLimits,
): Promise<readonly Uint8Array[]> {
  const endMs = performance.now() + maxMs;
  const ancestors: Uint8Array[] = [];
  let bytes = 0;
  for (let block = await vm.getBlock(id); block !== undefined; block = await vm.getBlock(block.parentId)) {
    bytes += block.bytes.length + lengthBytes;
    if (ancestors.length > 0 && (bytes > maxBytes || performance.now() > endMs)) break;
    ancestors.push(block.bytes);
    if (ancestors.length >= maxBlocks || block.height === 0n) break;
  }
  return ancestors;
}

/** A batch has each block's length before the block (v1.14.2, wrappers.IntLen). */
const lengthBytes = 4;
