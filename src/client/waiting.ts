import { isUnconfirmed } from "../core/time-claim.ts";
import type { CallApi } from "./client.ts";
import type { Receipt } from "./contract.ts";
import { maxWaitMs } from "./limits.ts";
import { RpcError } from "./rpc-error.ts";

/** A client's clock. A test has another one, so that it need not wait. */
export interface Clock {
  /** Milliseconds since some start; never goes back. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds between two calls if the server did not wait. */
export const pauseMs = 500;

/** Asks with `waitMs`, so that the server waits. If it refuses that, asks without it and waits a little here. */
export async function askToWait<T>(
  ask: (waitMs: number) => Promise<T>,
  waitMs: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await ask(waitMs);
  } catch (error) {
    // Whatever the reason is: some servers give only words, and a call that is wrong is refused again.
    if (!(error instanceof RpcError)) throw error;
    await clock.pause(pauseMs, signal);
    return ask(0);
  }
}

/** How to wait, and how long. */
export interface ReceiptWait {
  readonly clock: Clock;
  /** When to give up, by the clock; never if undefined. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each receipt that comes. */
  readonly onReceipt?: (receipt: Receipt) => void;
}

/**
 * Waits until the data of a receipt is in an accepted block, or the node does not know it any more. Gives the last
 * receipt, which has another status if the time is over. Rejects like `call`.
 */
export async function waitForReceipt(call: CallApi, sent: Receipt, wait: ReceiptWait): Promise<Receipt> {
  const { clock, untilMs = Number.POSITIVE_INFINITY, signal, onReceipt } = wait;
  let receipt = sent;
  const leftMs = () => Math.max(0, Math.floor(untilMs - clock.nowMs()));
  while ((receipt.status === "pending" || receipt.status === "processing") && leftMs() > 0) {
    const { id } = receipt;
    const ask = (waitMs: number) => call("getReceipt", { id, waitMs }, signal);
    receipt = await askToWait(ask, Math.min(leftMs(), maxWaitMs), clock, signal);
    onReceipt?.(receipt);
    if (receipt.status !== "accepted") await clock.pause(Math.min(leftMs(), pauseMs), signal);
  }
  return receipt;
}

/**
 * Whether another's block, with a time of his choice, may have taken what was stamped while it waited: the node does
 * not confirm the time of the block. A server that is asked to `stamp` once more then stamps it beside that block.
 */
export function mayBeTaken(sent: Receipt, { block }: Receipt): boolean {
  return sent.status !== "accepted" && block !== undefined && isUnconfirmed(block.claim, block.height);
}

/** The runtime's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  pause: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
      if (signal?.aborted) end();
    }),
};
