import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";

/** Which chain this program serves, and to whom. */
export interface Identity {
  /** Of this program. */
  readonly version: string;
  /** Of RPCChainVM, as it is spoken with the node. */
  readonly protocol: number;
  /** u32; undefined without a network. */
  readonly networkId: number | undefined;
  readonly chainId: Id;
  /** Undefined without a node. */
  readonly nodeId: NodeId | undefined;
  /** A warning that stands wherever someone could take this for a node. */
  readonly notice: string | undefined;
}
