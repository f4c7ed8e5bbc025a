import type { Digest } from "../core/digest.ts";
import type { BlockReader } from "../store/block-reader.ts";
import type { ConfirmedBlocks, Receipt } from "./chain-view.ts";

/**
 * The receipt of data that an accepted block carries; undefined if none does. Throws "database failed".
 */
export function decidedReceipt(digest: Digest, confirmed: ConfirmedBlocks, store: BlockReader): Receipt | undefined {
  const { height } = confirmed.last; // before the search, since a block may be confirmed meanwhile
  const block = confirmed.findData(digest);
  if (block !== undefined) return { status: "accepted", block };
  return store.carries(digest, height + 1n) ? { status: "processing" } : undefined;
}
