import type { NodeId } from "../avalanche/node-id.ts";
import type { BlockSummary } from "../core/block.ts";
import { knownTime } from "../core/time-claim.ts";
import type { BlockTime } from "../core/time-words.ts";
import type { Caller } from "../vm/caller.ts";
import type { ChainView, ConfirmedBlocks } from "../vm/chain-view.ts";

/** What a page is made from. */
export interface Desk {
  readonly view: ChainView;
  readonly chain: ConfirmedBlocks;
  readonly caller: Caller;
  /** What this node knows of a confirmed block's time. Throws "database failed". */
  readonly timeOf: (block: BlockSummary) => BlockTime;
}

/** `node` is this node, undefined for a chain without one. */
export function deskOf(view: ChainView, node: NodeId | undefined, caller: Caller): Desk {
  const { confirmed: chain } = view;
  return {
    view,
    chain,
    caller,
    timeOf: (block) => ({ ...block, ...knownTime(block, chain.firstSightAt(block.height), node) }),
  };
}
