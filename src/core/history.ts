import { zeroId } from "../avalanche/id.ts";
import type { Block } from "./block.ts";
import { expectChainError } from "./errors.ts";
import { maxU64 } from "./u64.ts";
import { verifyChild } from "./verify.ts";

/**
 * Why `block` cannot follow `parent` in a decided chain; without a parent, why it cannot be genesis. Undefined when it
 * can. The rules are those for new blocks, except the one about the clock.
 */
export function problemInHistory(block: Block, parent: Block | undefined): string | undefined {
  if (parent === undefined)
    return isGenesis(block) ? undefined : "is not genesis: height, timestamp or parent is not 0";
  if (block.parentId !== parent.id) return `has parent ${block.parentId}, not ${parent.id}`;
  try {
    verifyChild(block, parent, afterAllTime);
    return undefined;
  } catch (error) {
    return `breaks a rule: ${expectChainError(error).message}`;
  }
}

function isGenesis({ parentId, height, timestamp }: Block): boolean {
  return parentId === zeroId && height === 0n && timestamp === 0n;
}

/** A time in Unix seconds that is later than every u64 timestamp. */
const afterAllTime = maxU64 + 1n;
