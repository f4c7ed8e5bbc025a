import { textOf } from "../avalanche/coded-error.ts";
import type { CallApi } from "../client/client.ts";
import { fetchCarriers, fetchServedChain, type StampSummary } from "../client/confirmed-block.ts";
import type { Receipt, ResultOf } from "../client/contract.ts";
import { type Clock, mayBeTaken, systemClock, waitForReceipt } from "../client/waiting.ts";
import type { Log } from "../log.ts";
import { checkProof } from "../proof/block-proof.ts";
import type { Carrier } from "../proof/file-proofs.ts";

/** Stamps the root of a tree, 32 bytes, until a time by `performance.now`. Gives the blocks that carry it. */
export type StampRoot = (root: Uint8Array, untilMs: number) => Promise<readonly Carrier[]>;

/** Milliseconds at the end that are kept for fetching the block when it is accepted. */
const fetchingMs = 250;

/**
 * Stamps roots at a node. Rejects if the node does not take the root, or is not at work. From then on the root is on
 * the node's disk, and none of its digests is lost: gives no blocks if none was accepted and shown in time.
 */
export function rootStamper(call: CallApi, log: Log, clock: Clock = systemClock): StampRoot {
  return async (root, untilMs) => {
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(untilMs - clock.nowMs())));
    const timely: CallApi = (method, params) => call(method, params, signal);
    const send = () => timely("stamp", { digest: `0x${root.toHex()}` });
    const [sent, served] = await Promise.all([send(), fetchServedChain(timely)]);
    try {
      const waitFor = <T extends Receipt>(receipt: T) => wait(timely, receipt, untilMs - fetchingMs, signal, clock);
      const stamps = await settle(sent, send, waitFor);
      return stamps.length === 0 ? [] : await fetchCarriers(timely, stamps, checkProof, served);
    } catch (error) {
      log.warn("a root is at the node, and its block is not shown", { error: textOf(error) });
      return [];
    }
  };
}

/** Waits for the blocks of a stamp. Stamps again if another may have taken it: then the node salts it. */
async function settle(
  sent: ResultOf<"stamp">,
  send: () => Promise<ResultOf<"stamp">>,
  waitFor: <T extends Receipt>(receipt: T) => Promise<T>,
): Promise<readonly StampSummary[]> {
  const receipt = await waitFor(sent);
  const { salted } = sent.salted === undefined && mayBeTaken(sent, receipt) ? await send() : sent;
  const settled = salted && (await waitFor(salted));
  return [
    ...(receipt.block === undefined ? [] : [receipt.block]),
    ...(settled?.block === undefined ? [] : [{ ...settled.block, nonce: settled.nonce }]),
  ];
}

/** Gives the receipt of an accepted block, or the last one by a time. */
async function wait<T extends Receipt>(
  call: CallApi,
  receipt: T,
  untilMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<T> {
  return { ...receipt, ...(await waitForReceipt(call, receipt, { clock, untilMs, signal })) };
}
