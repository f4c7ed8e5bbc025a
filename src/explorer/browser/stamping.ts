import { AnswerError } from "../../client/answer-error.ts";
import type { CallApi } from "../../client/client.ts";
import type { Receipt, ResultOf } from "../../client/contract.ts";
import { pauseMs, systemClock, waitForReceipt } from "../../client/waiting.ts";

/** A block that carries a digest, or data with this digest. */
export type Found = ResultOf<"find">["blocks"][number];

export async function findFirst(call: CallApi, digest: string, signal: AbortSignal): Promise<Found | undefined> {
  const { blocks } = await call("find", { digest, limit: 1 }, signal);
  return blocks[0];
}

type Say = (status: string) => void;

/** Stamps a digest and waits for its block. Rejects with the node's error, or when the node has forgotten the stamp. */
export async function stampDigest(call: CallApi, digest: string, say: Say, signal: AbortSignal): Promise<void> {
  await waitForBlock(call, await call("stamp", { digest }, signal), say, signal);
}

/**
 * Resolves when the stamp of this receipt is in an accepted block; rejects when the node has forgotten it. Goes on
 * while the node does not answer, since people stay on the page during a restart.
 */
export async function waitForBlock(call: CallApi, sent: Receipt, say: Say, signal: AbortSignal): Promise<void> {
  if (sent.status !== "accepted") say("Waiting for a block. Until one is accepted, nothing is proven.");
  const onReceipt = ({ status }: Receipt) => {
    if (status === "processing") say("In a block that is not decided yet.");
  };
  for (;;) {
    try {
      const { status } = await waitForReceipt(call, sent, { clock: systemClock, signal, onReceipt });
      if (status === "accepted") return;
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AnswerError) throw error;
      say("The node does not answer. Trying again…");
    }
    await systemClock.pause(pauseMs, signal);
  }
  throw new Error("The node knows nothing of this stamp any more. Stamp it again.");
}
