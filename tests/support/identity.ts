import { idFromBytes } from "../../src/avalanche/id.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { Identity } from "../../src/vm/identity.ts";

/** Of a node of the local network. */
export const identity: Identity = {
  version: "1.2.3",
  protocol: 45,
  networkId: 12_345,
  chainId: idFromBytes(new Uint8Array(32).fill(5)),
  nodeId: nodeIdFromBytes(new Uint8Array(20).fill(6)),
  notice: undefined,
};
