import { type CallApi, createClient } from "../../src/client/client.ts";
import { startTestChain } from "./dev-chain.ts";

/** A chain as its clients have it: served by a node, or by this process. */
export interface LiveChain {
  /** `http://HOST:PORT/ext/bc/CHAIN`. */
  readonly url: string;
  readonly call: CallApi;
  readonly close: () => void;
}

/** Where a node serves a chain, which nobody else uses meanwhile; undefined for a development chain of our own. */
export const nodeUrl: string | undefined = process.env.TIMESTAMPVM_TEST_URL;

export async function openLive(): Promise<LiveChain> {
  if (nodeUrl !== undefined) return { url: nodeUrl, call: createClient(`${nodeUrl}/rpc`), close: () => {} };
  const chain = await startTestChain();
  const url = `${chain.url}/ext/bc/timestampvm`;
  return { url, call: createClient(`${url}/rpc`), close: chain.close };
}
