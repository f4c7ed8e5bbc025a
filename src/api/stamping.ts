import type { ResultOf } from "../client/contract.ts";
import { formatDigest } from "../client/params.ts";
import { summaryOf } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import type { ChainView, Propose, Receipt } from "../vm/chain-view.ts";
import type { Implementation } from "./checked-methods.ts";
import type { Know } from "./knowledge.ts";
import { ProposalQueue } from "./proposal-queue.ts";

type Stamping = "proposeBlock" | "stamp" | "getReceipt";

/** The methods that put data on the chain. */
export function createStampingMethods(view: ChainView, propose: Propose, know: Know): Pick<Implementation, Stamping> {
  const getReceipt = async (id: Digest) => formatReceipt(id, await view.receiptOf(id), know);
  const proposals = new ProposalQueue(propose);
  return {
    proposeBlock: ({ data }, { name }) => proposals.propose(data, name).then(() => ({ success: true })),
    stamp: (subject, { name }) => {
      const stamped = "data" in subject ? subject.data : digestToBytes(subject.digest);
      const id = digestOf(stamped);
      const block = view.confirmed.findData(id);
      // Data that existed at one time existed later too: a second block would prove less than the first one.
      if (block !== undefined) return formatReceipt(id, { status: "accepted", block }, know);
      return proposals.propose(stamped, name).then(() => getReceipt(id));
    },
    getReceipt: async ({ id, waitMs }, caller) => {
      if (waitMs > 0) {
        await view.confirmed.waitForDigest(id, waitMs, caller.signal, caller.name);
        await caller.pause();
      }
      return getReceipt(id);
    },
  };
}

function formatReceipt(id: Digest, receipt: Receipt, know: Know): ResultOf<"getReceipt"> {
  if (receipt.status !== "accepted") return { id: formatDigest(id), status: receipt.status };
  return { id: formatDigest(id), status: "accepted", block: { ...summaryOf(receipt.block), ...know(receipt.block) } };
}
