import type { NodeId } from "../avalanche/node-id.ts";
import type { ResultOf } from "../client/contract.ts";
import type { Block } from "../core/block.ts";
import { isOwn, judgeTime, secondsOf } from "../core/time-claim.ts";
import { isProvable } from "../proof/block-proof.ts";
import type { ConfirmedBlocks } from "../vm/chain-view.ts";

/** What this node knows of a block, beside what the block says. */
export type Knowledge = Omit<ResultOf<"getBlock">, "block">;

/** Gives what a node knows of a confirmed block. Throws "database failed". */
export type Know = (block: Block) => Knowledge;

/** The knowledge of `node`, undefined for a chain without a node. */
export function knowledgeOf(chain: ConfirmedBlocks, node: NodeId | undefined): Know {
  return (block) => {
    if (block.height === 0n) return {}; // nobody proposed genesis
    const sight = chain.firstSightAt(block.height);
    const own = sight !== undefined && isOwn(sight, node);
    return {
      claim: judgeTime(block.timestamp, own ? sight.ms : undefined),
      ...(sight !== undefined && sight.ms >= 0n && { firstSight: { time: secondsOf(sight), node: sight.node, own } }),
      ...(!isProvable(block) && { reencoded: true }),
    };
  };
}
