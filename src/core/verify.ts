import type { Block } from "./block.ts";
import { ChainError } from "./errors.ts";

/** In timestampvm-rs, a block's timestamp must be less than this many seconds ahead of the local clock. */
export const rsFutureSeconds = 3600n;

/**
 * Throws "wrong height", "timestamp before parent" or "future timestamp" unless `block` may follow `parent`. `now` is
 * the local clock in Unix seconds; at `futureSeconds` ahead of it or more, a block is in the future. The rules are
 * those of timestampvm-rs (block/mod.rs:176-223), which has no limit on a block's size.
 */
export function verifyChild(block: Block, parent: Block, now: bigint, futureSeconds = rsFutureSeconds): void {
  if (block.height !== parent.height + 1n) {
    throw new ChainError({ code: "wrong height", height: block.height, parentHeight: parent.height });
  }
  if (block.timestamp < parent.timestamp) {
    throw new ChainError({
      code: "timestamp before parent",
      timestamp: block.timestamp,
      parentTimestamp: parent.timestamp,
    });
  }
  if (block.timestamp >= now + futureSeconds) {
    throw new ChainError({ code: "future timestamp", timestamp: block.timestamp, now });
  }
}
