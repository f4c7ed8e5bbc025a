import { type Call, createClient } from "../../src/api/client.ts";
import { startDevChain } from "../../src/dev/dev-chain.ts";
import { Log } from "../../src/log.ts";
import { genesisBytes } from "./chain.ts";

/** A chain as its clients have it: served by a node, or by this process. */
export interface LiveChain {
  /** `http://HOST:PORT/ext/bc/CHAIN`. */
  readonly url: string;
  readonly call: Call;
  readonly close: () => void;
}

/** Where a node serves a chain, which nobody else uses meanwhile; undefined for a development chain of our own. */
export const nodeUrl: string | undefined = process.env.TIMESTAMPVM_TEST_URL;

export function openLive(): LiveChain {
  if (nodeUrl !== undefined) return { url: nodeUrl, call: createClient(`${nodeUrl}/rpc`), close: () => {} };
  const chain = startDevChain({
    file: ":memory:",
    genesisBytes,
    config: {},
    host: "127.0.0.1",
    port: 0,
    version: "1.2.3",
    protocolVersion: 46,
    log: new Log(() => {}),
    onAccepted: () => {},
  });
  const url = `${chain.url}/ext/bc/timestampvm`;
  return { url, call: createClient(`${url}/rpc`), close: chain.close };
}
