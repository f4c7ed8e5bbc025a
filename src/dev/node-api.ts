import { InvalidParams } from "../api/invalid-params.ts";
import type { Methods } from "../api/request.ts";
import { noNode } from "../avalanche/node-id.ts";

/** What the methods of the node's own API report. This "node" has one chain only. */
export interface NodeInfo {
  /** The two names under which the chain is served. */
  readonly chain: readonly [alias: string, id: string];
  /** The version of this program. */
  readonly version: string;
  /** The RPCChainVM protocol that it reports. */
  readonly protocol: number;
}

/** A note in every reply about the node, so that nobody mistakes it for a real one. */
export const notice = "development chain: one process, no peers, no consensus";

/** The id of no network that runs, as text, like every number of `/ext/info`. */
const noNetwork = "0";

/** The methods of `/ext/info` (avalanchego v1.14.2, api/info/service.go). */
export function createInfoMethods({ chain, version, protocol }: NodeInfo): Methods {
  const [alias, id] = chain;
  const methods = {
    getNodeVersion: () => ({
      version: `timestampvm/${version} (${notice})`,
      databaseVersion: "",
      rpcProtocolVersion: String(protocol),
      gitCommit: "",
      vmVersions: { [alias]: version },
    }),
    getNodeID: () => ({ nodeID: noNode }), // which has no BLS key
    getNetworkID: () => ({ networkID: noNetwork }),
    getNetworkName: () => ({ networkName: "development" }),
    getBlockchainID: (params: unknown) => {
      expectChain(params, "alias", chain);
      return { blockchainID: id };
    },
    isBootstrapped: (params: unknown) => {
      expectChain(params, "chain", chain);
      return { isBootstrapped: true };
    },
    peers: () => ({ numPeers: "0", peers: [] }),
  };
  return new Map(Object.entries(methods).map(([name, method]) => [`info.${name}`, method]));
}

/** The parameter `name` must name the only chain. */
function expectChain(params: unknown, name: string, known: readonly string[]): void {
  const object = Array.isArray(params) ? params[0] : params;
  const chain = (object as Record<string, unknown> | undefined)?.[name];
  if (typeof chain !== "string" || !known.includes(chain))
    throw new InvalidParams(`${name} must be ${known.join(" or ")}`);
}
