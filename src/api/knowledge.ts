import type { NodeId } from "../avalanche/node-id.ts";
import type { ResultOf } from "../client/contract.ts";
import type { Block } from "../core/block.ts";
import { knownTime } from "../core/time-claim.ts";
import { isProvable } from "../proof/block-proof.ts";
import type { ConfirmedBlocks } from "../vm/chain-view.ts";

/** What this node knows of a block, beside what the block says. */
export type Knowledge = Omit<ResultOf<"getBlock">, "block">;

/** Gives what a node knows of a confirmed block. Throws "database failed". */
export type Know = (block: Block) => Knowledge;

/** The knowledge of `node`, undefined for a chain without a node. */
export function knowledgeOf(chain: ConfirmedBlocks, node: NodeId | undefined): Know {
  return (block) => ({
    ...knownTime(block, chain.firstSightAt(block.height), node),
    ...(block.height > 0n && !isProvable(block) && { reencoded: true }),
  });
}
