import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";

/** Which chain this program serves, and to whom. */
export interface Identity {
  /** Of this program. */
  readonly version: string;
  /** Of RPCChainVM, which the node speaks. */
  readonly protocol: number;
  /** u32; undefined without a network. */
  readonly networkId: number | undefined;
  readonly chainId: Id;
  /** Undefined without a node. */
  readonly nodeId: NodeId | undefined;
  /** What everybody shall know who might take this for a node. */
  readonly notice: string | undefined;
}
