import type { CallApi } from "../../client/client.ts";
import type { Receipt, ResultOf } from "../../client/contract.ts";
import type { ProofSubject } from "../../client/fetch-proof.ts";
import { systemClock, waitForReceipt } from "../../client/waiting.ts";
import { digestFromHex } from "../../core/digest.ts";
import { parseNonce } from "../../core/nonce.ts";

/** A block that carries a digest, or data with this digest. */
export type Found = ResultOf<"find">["blocks"][number];

/** The blocks that carry a digest, the lowest first. */
export type Stamps = readonly [Found, ...Found[]];

/** Gives as many of the blocks that carry a digest as one answer has. */
export async function findStamps(call: CallApi, digest: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { blocks } = await call("find", { digest }, signal);
  return blocks;
}

export function isStamped(blocks: readonly Found[]): blocks is Stamps {
  return blocks.length > 0;
}

/** A stamp of SHA-256(digest ‖ nonce), beside one whose time the node does not confirm. */
export interface Salted {
  /** 0x and 32 hex digits. */
  readonly nonce: string;
  readonly block: NonNullable<Receipt["block"]>;
}

/** What is proven of a salted stamp: the proof says its digest and its nonce. */
export function subjectOf(digest: string, { nonce }: Salted): ProofSubject {
  return { digest: digestFromHex(digest), nonce: parseNonce(nonce) };
}

type Say = (status: string) => void;

/**
 * Stamps a digest and waits for its block, and for that of the salted stamp if the node makes one. Rejects with the
 * node's error, or when the node has forgotten the stamp.
 */
export async function stampDigest(
  call: CallApi,
  digest: string,
  say: Say,
  signal: AbortSignal,
): Promise<Salted | undefined> {
  const { salted, ...receipt } = await call("stamp", { digest }, signal);
  await waitForBlock(call, receipt, say, signal);
  return salted && { nonce: salted.nonce, block: await waitForBlock(call, salted, say, signal) };
}

/** Gives the accepted block with the stamp of this receipt; rejects when the node has forgotten it. */
export async function waitForBlock(
  call: CallApi,
  sent: Receipt,
  say: Say,
  signal: AbortSignal,
): Promise<Salted["block"]> {
  if (sent.status !== "accepted") say("Waiting for a block. Until one is accepted, nothing is proven.");
  const onReceipt = ({ status }: Receipt) => {
    if (status === "processing") say("In a block that is not decided yet.");
  };
  const { block } = await waitForReceipt(call, sent, { clock: systemClock, signal, onReceipt });
  if (block === undefined) throw new Error("The node knows nothing of this stamp any more. Stamp it again.");
  return block;
}
