import { answerJsonRpc, InvalidParams, type Methods } from "../api/json-rpc.ts";

/** What of AvalancheGo's own API clients of a chain use, with the answers of a node that has only this chain. */
export interface NodeInfo {
  /** The names under which the chain is served; the last one is its id. */
  readonly chain: readonly [alias: string, id: string];
  /** Of this program. */
  readonly version: string;
  readonly protocolVersion: number;
}

/** In every reply about the node: nobody shall take it for one. */
export const notice = "development chain: one process, no peers, no consensus";

/** `/ext/info` (avalanchego v1.14.2, api/info/service.go). Takes a JSON-RPC request; gives "" for no answer. */
export async function answerInfo({ chain, version, protocolVersion }: NodeInfo, request: string): Promise<string> {
  const [alias, id] = chain;
  const methods: Methods = new Map(
    Object.entries({
      getNodeVersion: () => ({
        version: `timestampvm/${version} (${notice})`,
        databaseVersion: "",
        rpcProtocolVersion: String(protocolVersion),
        gitCommit: "",
        vmVersions: { [alias]: version },
      }),
      getNetworkName: () => ({ networkName: "development" }),
      getBlockchainID: (params: unknown) => {
        expectChain(params, "alias", [alias, id]);
        return { blockchainID: id };
      },
      isBootstrapped: (params: unknown) => {
        expectChain(params, "chain", [alias, id]);
        return { isBootstrapped: true };
      },
      peers: () => ({ numPeers: "0", peers: [] }),
    }).map(([name, method]) => [`info.${name}`, method]),
  );
  return (await answerJsonRpc(methods, request)) ?? "";
}

/** The node has one chain, which the one parameter must name. */
function expectChain(params: unknown, name: string, known: readonly string[]): void {
  const object = Array.isArray(params) ? params[0] : params;
  const chain = (object as Record<string, unknown> | undefined)?.[name];
  if (typeof chain !== "string" || !known.includes(chain))
    throw new InvalidParams(`${name} must be ${known.join(" or ")}`);
}
