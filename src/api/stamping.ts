import type { ResultOf, StampedBlock } from "../client/contract.ts";
import { formatDigest, formatHex } from "../client/params.ts";
import { type Block, summaryOf } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes } from "../core/digest.ts";
import { saltedDigest } from "../core/salted-digest.ts";
import { isUnconfirmed } from "../core/time-claim.ts";
import type { ChainView, ConfirmedBlocks, Propose, Receipt } from "../vm/chain-view.ts";
import type { Implementation } from "./checked-methods.ts";
import type { Know } from "./knowledge.ts";
import { Nonces } from "./nonces.ts";
import { ProposalQueue } from "./proposal-queue.ts";

type Stamping = "proposeBlock" | "stamp" | "getReceipt";
type Salted = NonNullable<ResultOf<"stamp">["salted"]>;

/** The methods that put data on the chain. */
export function createStampingMethods(view: ChainView, propose: Propose, know: Know): Pick<Implementation, Stamping> {
  const { confirmed } = view;
  const proposals = new ProposalQueue(propose);
  const getReceipt = async (id: Digest) => formatReceipt(id, await view.receiptOf(id), know);
  const put = async (data: Uint8Array, caller: string) => {
    await proposals.stamp(data, caller);
    return getReceipt(digestOf(data));
  };
  const nonces = new Nonces();
  const putSalted = async (digest: Digest, caller: string): Promise<Salted> => {
    const nonce = nonces.of(digest);
    const receipt = await put(digestToBytes(saltedDigest(digest, nonce)), caller);
    const { block } = receipt;
    if (block === undefined || !isUnconfirmed(block.claim, block.height))
      return { nonce: formatHex(nonce), ...receipt };
    nonces.forget(digest); // a thief's block carries this one too
    return putSalted(digest, caller);
  };
  return {
    proposeBlock: ({ data }, { name }) => proposals.propose(data, name).then(() => ({ success: true })),
    stamp: async (subject, { name }) => {
      const [data, digest] = "data" in subject ? [subject.data, digestOf(subject.data)] : readDigest(subject.digest);
      const id = digestOf(data);
      const block = findStamped(confirmed, id, know);
      if (block === undefined) return put(data, name);
      // Data that existed at one time existed later too: a second block would prove less than the first one.
      const receipt = { id: formatDigest(id), status: "accepted", block } as const;
      if (!isUnconfirmed(block.claim, block.height)) return receipt;
      return { ...receipt, salted: await putSalted(digest, name) };
    },
    getReceipt: async ({ id, waitMs }, caller) => {
      if (waitMs > 0) {
        await confirmed.waitForDigest(id, waitMs, caller.signal, caller.name);
        await caller.pause();
      }
      return getReceipt(id);
    },
  };
}

function readDigest(digest: Digest): readonly [data: Uint8Array, digest: Digest] {
  return [digestToBytes(digest), digest];
}

/** The most blocks with the same data that are looked at, so that whoever makes many does not hold up a stamp. */
export const maxSameStamps = 16;

/**
 * The first block that carries data of this digest and whose time is not unconfirmed; if there is none among the first
 * `maxSameStamps` that carry it, the first of these.
 */
function findStamped(chain: ConfirmedBlocks, digest: Digest, know: Know): StampedBlock | undefined {
  let first: StampedBlock | undefined;
  let block = chain.findData(digest);
  for (let looked = 1; block !== undefined && looked <= maxSameStamps; looked++) {
    const stamped = formatStamped(block, know);
    if (!isUnconfirmed(stamped.claim, stamped.height)) return stamped;
    first ??= stamped;
    block = chain.findData(digest, block.height + 1n);
  }
  return first;
}

function formatStamped(block: Block, know: Know): StampedBlock {
  return { ...summaryOf(block), ...know(block) };
}

function formatReceipt(id: Digest, receipt: Receipt, know: Know): ResultOf<"getReceipt"> {
  if (receipt.status !== "accepted") return { id: formatDigest(id), status: receipt.status };
  return {
    id: formatDigest(id),
    status: "accepted",
    block: formatStamped(receipt.block, know),
  };
}
