import { zeroId } from "../avalanche/id.ts";
import type { Block } from "./block.ts";
import { expectChainError } from "./errors.ts";
import { maxU64 } from "./u64.ts";
import { verifyChild } from "./verify.ts";

/**
 * Why `block` cannot follow `parent` in a chain that is decided; without a parent, why it cannot be the first block.
 * Undefined when it can. The rules are those for new blocks, without the one about the clock.
 */
export function problemInHistory(block: Block, parent: Block | undefined): string | undefined {
  if (parent === undefined) return isGenesis(block) ? undefined : "is no genesis: height 0, timestamp 0 and no parent";
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

/** A clock's time, in Unix seconds, for which no u64 timestamp is in the future. */
const afterAllTime = maxU64 + 1n;
