import { type DevChain, type DevOptions, startDevChain } from "../../src/dev/dev-chain.ts";
import { Log } from "../../src/log.ts";
import { genesisBytes } from "./chain.ts";

/** Starts a development chain in memory, on a free port, that logs and prints nothing; or as the options say. */
export function startTestChain(options: Partial<DevOptions> = {}): Promise<DevChain> {
  return startDevChain({
    file: ":memory:",
    genesisBytes,
    config: {},
    host: "127.0.0.1",
    port: 0,
    allowedHosts: [],
    version: "1.2.3",
    protocol: 46,
    log: new Log(() => {}),
    onAccepted: () => {},
    ...options,
  });
}
