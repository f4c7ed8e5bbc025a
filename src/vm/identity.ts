import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";

/** Which chain this program serves, and to whom. */
export interface Identity {
  /** The version of this program. */
  readonly version: string;
  /** The RPCChainVM protocol that the node speaks. */
  readonly protocol: number;
  /** u32; undefined without a network. */
  readonly networkId: number | undefined;
  readonly chainId: Id;
  /** Undefined without a node. */
  readonly nodeId: NodeId | undefined;
  /** A warning shown wherever a client could mistake this for a real node; undefined on a real node. */
  readonly notice: string | undefined;
}
