import type { CallApi } from "../../client/client.ts";
import type { Receipt, ResultOf } from "../../client/contract.ts";
import type { ProofSubject } from "../../client/fetch-proof.ts";
import { mayBeTaken, systemClock, waitForReceipt } from "../../client/waiting.ts";
import { digestFromHex } from "../../core/digest.ts";
import { parseNonce } from "../../core/nonce.ts";
import { mostProven } from "../../core/time-claim.ts";

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

/** The stamp that proves most: the first that the node confirms, or else the first. */
export function bestOf(stamps: Stamps): Found {
  return mostProven(stamps) ?? stamps[0];
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
 * Makes what stamps a digest and waits for its block, and for that of the salted stamp if the node makes one, also
 * because another has put the digest into his block meanwhile. It rejects with the node's error, or when the node has
 * forgotten the stamp. Called again, it only waits: each stamp may have another nonce. `onSalted` gets the nonce as
 * soon as it is there: nobody else has it.
 */
export function stampOf(
  digest: string,
  onSalted: (nonce: string) => void,
): (call: CallApi, say: Say, signal: AbortSignal) => Promise<Salted | undefined> {
  let sent: ResultOf<"stamp"> | undefined;
  const send = async (call: CallApi, signal: AbortSignal) => {
    sent = await call("stamp", { digest }, signal);
    if (sent.salted !== undefined) onSalted(sent.salted.nonce);
    return sent;
  };
  return async (call, say, signal) => {
    const first = sent ?? (await send(call, signal));
    try {
      const block = await waitForBlock(call, first, say, signal);
      const { salted } = mayBeTaken(first, { ...first, block }) ? await send(call, signal) : first;
      return salted && { nonce: salted.nonce, block: await waitForBlock(call, salted, say, signal) };
    } catch (error) {
      if (error instanceof ForgottenError) sent = undefined;
      throw error;
    }
  };
}

class ForgottenError extends Error {}

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
  if (block === undefined) throw new ForgottenError("The node knows nothing of this stamp any more. Stamp it again.");
  return block;
}
