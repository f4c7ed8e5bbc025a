import type { CallApi } from "../../client/client.ts";
import type { ResultOf } from "../../client/contract.ts";
import { pause } from "./dom.ts";

/** A block that carries a digest, or data that hashes to it. */
export type Found = ResultOf<"find">["blocks"][number];

export async function findFirst(call: CallApi, digest: string, signal: AbortSignal): Promise<Found | undefined> {
  const { blocks } = await call("find", { digest, limit: 1 }, signal);
  return blocks[0];
}

type Say = (status: string) => void;

/** Stamps a digest and waits for its block. Rejects with what the node says, or when it has forgotten the stamp. */
export async function stampDigest(call: CallApi, digest: string, say: Say, signal: AbortSignal): Promise<void> {
  const { id, status } = await call("stamp", { digest }, signal);
  if (status !== "accepted") await waitForBlock(call, id, say, signal);
}

/** Resolves when what this receipt is of is accepted; rejects when the node has forgotten it. */
export async function waitForBlock(call: CallApi, id: string, say: Say, signal: AbortSignal): Promise<void> {
  say("Waiting for a block. Until one is accepted, nothing is proven.");
  for (let waitMs = maxWaitMs; ; ) {
    try {
      const { status } = await call("getReceipt", { id, waitMs }, signal);
      if (status === "accepted") return;
      if (status === "unknown") break;
      if (status === "processing") say("In a block that is not decided yet.");
      waitMs = maxWaitMs;
    } catch {
      signal.throwIfAborted();
      say("The node does not answer. Trying again…");
      waitMs = 0; // it may have too many who wait
    }
    await pause(restMs);
  }
  throw new Error("The node knows nothing of this stamp any more. Stamp it again.");
}

const maxWaitMs = 25_000;
const restMs = 500;
