import type { Digest } from "../core/digest.ts";
import type { BlockReader } from "../store/block-reader.ts";
import type { ConfirmedBlocks, Receipt } from "./chain-view.ts";

/**
 * What the file says of data with this digest; undefined when no accepted block carries it. Throws "database failed".
 */
export function decidedReceipt(digest: Digest, confirmed: ConfirmedBlocks, store: BlockReader): Receipt | undefined {
  const { height } = confirmed.last; // before the data is looked for: a block may be confirmed meanwhile
  const block = confirmed.findData(digest);
  if (block !== undefined) return { status: "accepted", block };
  return store.carries(digest, height + 1n) ? { status: "processing" } : undefined;
}
