import type { CallApi } from "./client.ts";
import type { Receipt } from "./contract.ts";
import { maxWaitMs } from "./limits.ts";
import { RpcError } from "./rpc-error.ts";

/** Time, as a client sees it. Given from outside, so that a test need not wait. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  nowMs(): number;
  /** Resolves after so many milliseconds, or as soon as `signal` aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds between two calls where the first one did not wait. */
export const pauseMs = 500;

/** Asks, with `waitMs` to wait on the other side. Where too many wait there already, it waits a little here. */
export async function askToWait<T>(
  ask: (waitMs: number) => Promise<T>,
  waitMs: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await ask(waitMs);
  } catch (error) {
    // For whatever reason: a server may have its words alone, and what was refused for another one is refused again.
    if (!(error instanceof RpcError)) throw error;
    await clock.pause(pauseMs, signal);
    return ask(0);
  }
}

/** How to wait, and how long. */
export interface ReceiptWait {
  readonly clock: Clock;
  /** When to give up, on the clock; without it, never. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each receipt that comes. */
  readonly onReceipt?: (receipt: Receipt) => void;
}

/**
 * Waits until what a receipt is of is accepted, or the node does not know it any more. Gives the last receipt: of
 * another status when the time is over. Rejects as `call` does.
 */
export async function waitForReceipt(call: CallApi, sent: Receipt, wait: ReceiptWait): Promise<Receipt> {
  const { clock, untilMs = Number.POSITIVE_INFINITY, signal, onReceipt } = wait;
  let receipt = sent;
  while (receipt.status === "pending" || receipt.status === "processing") {
    const leftMs = Math.floor(untilMs - clock.nowMs());
    if (leftMs <= 0) break;
    const { id } = receipt;
    const ask = (waitMs: number) => call("getReceipt", { id, waitMs }, signal);
    receipt = await askToWait(ask, Math.min(leftMs, maxWaitMs), clock, signal);
    onReceipt?.(receipt);
    if (receipt.status !== "accepted") await clock.pause(Math.min(leftMs, pauseMs), signal);
  }
  return receipt;
}

/** The runtime's own. */
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
