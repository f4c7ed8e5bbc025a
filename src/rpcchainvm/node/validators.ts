import { ValidatorState } from "../../../gen/validatorstate/validatorstate_pb.ts";
import { type Id, idToBytes } from "../../avalanche/id.ts";
import { type NodeId, nodeIdFromBytes } from "../../avalanche/node-id.ts";
import type { GrpcClient } from "../grpc/client.ts";

/** The node has heights at once, but it must compute an old set. */
const timeoutMs = 10_000;

/**
 * The validators of subnets, by the node's P-Chain (validatorstate.ValidatorState). All methods reject with a
 * `ConnectError` when the node cannot answer, does not answer within 10 s, or has shut the VM down.
 */
export class Validators {
  readonly #client: GrpcClient;

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  /** GetCurrentHeight: the height of the P-Chain, u64. */
  async getCurrentHeight(): Promise<bigint> {
    const { height } = await this.#client.call(ValidatorState.method.getCurrentHeight, {}, timeoutMs);
    return height;
  }

  /**
   * GetValidatorSet: the validators of a subnet at a height of the P-Chain, each with its weight, u64. Empty for an
   * unknown subnet. Rejects above the current height. Validators of an L1 without a balance are one entry, with an id
   * of 20 zero bytes.
   */
  async getValidatorSet(height: bigint, subnetId: Id): Promise<ReadonlyMap<NodeId, bigint>> {
    const request = { height, subnetId: idToBytes(subnetId) };
    const { validators } = await this.#client.call(ValidatorState.method.getValidatorSet, request, timeoutMs);
    return new Map(validators.map(({ nodeId, weight }) => [nodeIdFromBytes(nodeId), weight]));
  }
}
