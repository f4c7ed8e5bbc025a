import { fetchBlock, type ServedChain } from "../../client/confirmed-block.ts";
import type { StampedBlock } from "../../client/contract.ts";
import { parseNonce } from "../../core/nonce.ts";
import { checkProof } from "../../proof/block-proof.ts";
import type { Carrier } from "../../proof/file-proofs.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Ask } from "../node/connection.ts";
import type { Stamped } from "../node/stamping.ts";

/**
 * Fetches the blocks of a stamp that waits for none, with their exact bytes: by then, the node has confirmed them on
 * the chain that it serves. Rejects as `fetchBlock` does.
 */
export async function carriersOf(
  { receipt, salted }: Stamped,
  served: ServedChain,
  ask: Ask,
): Promise<readonly Carrier[]> {
  const carry = async (block: StampedBlock | undefined, nonce?: string): Promise<readonly Carrier[]> =>
    block === undefined || block.reencoded
      ? []
      : [
          {
            ...served,
            block: await fetchBlock(ask, block.id, checkProof),
            nonce: nonce === undefined ? nonce : parseNonce(nonce),
          },
        ];
  const carriers = [...(await carry(receipt.block)), ...(await carry(salted?.block, salted?.nonce))];
  if (carriers.length === 0)
    throw new CommandFailed("the node has no exact bytes of its block, so that there is no proof");
  return carriers;
}
