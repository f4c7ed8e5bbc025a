import { messageOf } from "../../avalanche/coded-error.ts";
import type { Protocol } from "../protocol.ts";
import { overrideVariableOf } from "./choose-protocol.ts";
import { ProtocolMismatch, shakeHands } from "./handshake.ts";
import type { Known, KnownProtocol } from "./known-protocol.ts";

export interface ShakeOptions {
  readonly vmName: string;
  /** Where the node waits for the handshake, `host:port`. */
  readonly runtimeAddress: string;
  readonly protocol: Protocol;
  /** Where we serve. */
  readonly address: string;
  readonly known: KnownProtocol | undefined;
}

/**
 * Shakes hands with the node, and remembers whether it took our protocol, so that processes that it starts later need
 * not ask. Throws when the node refuses.
 */
export async function shakeOrRemember({
  vmName,
  runtimeAddress,
  protocol,
  address,
  known,
}: ShakeOptions): Promise<void> {
  const { version } = protocol;
  try {
    await shakeHands(runtimeAddress, version, address);
  } catch (error) {
    if (!(error instanceof ProtocolMismatch)) throw error;
    const { wanted } = error;
    const problem = remember(known, { version: wanted, refused: version });
    const next =
      problem === undefined
        ? "the next process that this node starts will speak it. If the chain is not up then, restart the node"
        : `start the node with ${overrideVariableOf(vmName)}=${wanted} in its environment (not remembered: ${problem})`;
    throw new Error(`AvalancheGo speaks RPCChainVM protocol ${wanted}, not ${version}: ${next}`);
  }
  if (known?.recall() === undefined) remember(known, { version, refused: undefined });
}

/** Gives the problem; undefined when there was none. */
function remember(known: KnownProtocol | undefined, what: Known): string | undefined {
  if (known === undefined) return "the node's process cannot be distinguished from others";
  try {
    known.remember(what);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
