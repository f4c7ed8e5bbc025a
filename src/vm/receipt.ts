import type { Digest } from "../core/digest.ts";
import type { BlockReader } from "../store/block-reader.ts";
import type { Receipt } from "./chain-view.ts";
import type { ConfirmedChain } from "./confirmed-chain.ts";
import type { Mempool } from "./mempool/mempool.ts";
import type { ProcessingBlocks } from "./processing.ts";

/** Where data can be. */
export interface Places {
  readonly confirmed: ConfirmedChain;
  readonly store: BlockReader;
  readonly processing: ProcessingBlocks;
  readonly mempool: Mempool;
}

/** What became of the data with this digest. Throws "database failed". */
export function receiptOf(digest: Digest, { confirmed, store, processing, mempool }: Places): Receipt {
  const block = confirmed.findData(digest);
  if (block !== undefined) return { status: "accepted", block };
  const isUnconfirmed = store.carries(digest, confirmed.last.height + 1n);
  if (isUnconfirmed || processing.carries(digest)) return { status: "processing" };
  return { status: mempool.has(digest) ? "pending" : "unknown" };
}
