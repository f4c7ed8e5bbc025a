import { zeroId } from "../avalanche/id.ts";
import type { Block } from "./block.ts";
import type { ChainError } from "./errors.ts";
import { maxU64 } from "./u64.ts";
import { verifyChild } from "./verify.ts";

/**
 * Why `block` cannot stand behind `parent` in a chain that was decided before, or without a parent at its beginning;
 * undefined when it can. The rules are those for new blocks, but for the clock's.
 */
export function problemInHistory(block: Block, parent: Block | undefined): string | undefined {
  if (parent === undefined) return isGenesis(block) ? undefined : "is no genesis: height 0, timestamp 0 and no parent";
  if (block.parentId !== parent.id) return `has parent ${block.parentId}, not ${parent.id}`;
  try {
    verifyChild(block, parent, afterAllTime);
    return undefined;
  } catch (error) {
    return `breaks a rule: ${(error as ChainError).message}`;
  }
}

function isGenesis({ parentId, height, timestamp }: Block): boolean {
  return parentId === zeroId && height === 0n && timestamp === 0n;
}

/** Unix seconds, beyond the last u64. */
const afterAllTime = maxU64 + 1n;
