import type { ResultOf } from "../client/contract.ts";
import { formatDigest } from "../client/params.ts";
import { summaryOf } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import type { Receipt } from "../vm/receipt.ts";
import type { Vm } from "../vm/vm.ts";
import type { Implementation } from "./checked-methods.ts";
import { ProposalQueue } from "./proposal-queue.ts";

/** The methods that bring data to the chain. */
export function createStampingMethods(vm: Vm): Pick<Implementation, "proposeBlock" | "stamp" | "getReceipt"> {
  const proposals = new ProposalQueue(vm);
  return {
    proposeBlock: ({ data }, { name }) => proposals.propose(data, name).then(() => ({ success: true })),
    stamp: ({ data, digest }, { name }) => {
      const stamped = data ?? digestToBytes(digest as Digest);
      const id = digestOf(stamped);
      const known = vm.receiptOf(id);
      // What existed at one time existed later as well: another block would prove less than the first one does.
      if (known.status === "accepted") return formatReceipt(id, known);
      return proposals.propose(stamped, name).then(() => formatReceipt(id, vm.receiptOf(id)));
    },
    getReceipt: async ({ id, waitMs }, caller) => {
      if (waitMs > 0) {
        await vm.confirmed.waitForDigest(id, waitMs, caller.signal, caller.name);
        await caller.pause();
      }
      return formatReceipt(id, vm.receiptOf(id));
    },
  };
}

function formatReceipt(id: Digest, receipt: Receipt): ResultOf<"getReceipt"> {
  if (receipt.status !== "accepted") return { id: formatDigest(id), status: receipt.status };
  return { id: formatDigest(id), status: "accepted", block: summaryOf(receipt.block) };
}
