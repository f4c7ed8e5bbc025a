import { fetchBlock, type ServedChain } from "../../client/confirmed-block.ts";
import type { StampedBlock } from "../../client/contract.ts";
import { parseNonce } from "../../core/nonce.ts";
import { checkProof } from "../../proof/block-proof.ts";
import type { Carrier } from "../../proof/file-proofs.ts";
import type { Ask } from "../node/connection.ts";
import type { Stamped } from "../node/stamping.ts";

/**
 * Fetches the blocks of a stamp, with their exact bytes: by then, the node has confirmed them on the chain that it
 * serves. Empty while a block is missing. Rejects as `fetchBlock` does.
 */
export async function carriersOf(
  { receipt, salted }: Stamped,
  served: ServedChain,
  ask: Ask,
): Promise<readonly Carrier[]> {
  if (receipt.block === undefined) return [];
  const carry = async ({ id }: StampedBlock, nonce?: Uint8Array): Promise<Carrier> => ({
    ...served,
    block: await fetchBlock(ask, id, checkProof),
    nonce,
  });
  if (salted === undefined) return [await carry(receipt.block)];
  if (salted.block === undefined) return [];
  const second = await carry(salted.block, parseNonce(salted.nonce));
  return receipt.block.reencoded ? [second] : [await carry(receipt.block), second];
}
