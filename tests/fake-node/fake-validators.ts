import { create, type UnknownField } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { GetValidatorSetResponseSchema, ValidatorSchema } from "../../gen/validatorstate/validatorstate_pb.ts";
import { Recording } from "./recording.ts";
import { servicesOf } from "./services.ts";

/** A question of who validates a subnet. */
export interface ValidatorSetQuestion {
  readonly height: bigint;
  /** 32 bytes. */
  readonly subnetId: Uint8Array;
}

/** What the node's P-Chain says of validators, from protocol 19 on. */
export class FakeValidators {
  /** The last accepted height of the P-Chain. */
  height = 7n;
  /** Weights of the chain's own validators, by node ids of 20 bytes in hex. Any other subnet has none. */
  weights: ReadonlyMap<string, bigint> = new Map();
  /** Whom plugins asked for. */
  readonly questions = new Recording<ValidatorSetQuestion>("questions for validators");
  /** Is waited for at each call: it may throw, or take its time. */
  before: () => void | Promise<void> = () => {};
  readonly #subnetId: Uint8Array;

  constructor(subnetId: Uint8Array) {
    this.#subnetId = subnetId;
  }

  /** Serves validatorstate.ValidatorState in the bytes of one protocol, where it has that. */
  addTo(router: ConnectRouter, protocol: number): void {
    const { validatorState } = servicesOf(protocol);
    if (validatorState === undefined) return;
    router.service(validatorState, {
      getCurrentHeight: async () => {
        await this.before();
        return { height: this.height };
      },
      getValidatorSet: async (question) => {
        this.questions.add(question);
        await this.before();
        return this.#answer(question, protocol);
      },
    });
  }

  #answer({ height, subnetId }: ValidatorSetQuestion, protocol: number) {
    if (subnetId.length !== 32) throw new ConnectError(`expected 32 bytes but got ${subnetId.length}`, Code.Unknown);
    if (height > this.height)
      throw new ConnectError("failed to fetch validator set at unfinalized height", Code.Unknown);
    const isOurs = Buffer.compare(subnetId, this.#subnetId) === 0;
    const validators = [...(isOurs ? this.weights : [])].map(([nodeId, weight]) => {
      const validator = create(ValidatorSchema, { nodeId: Uint8Array.fromHex(nodeId), weight });
      validator.$unknown = publicKeyIn(protocol);
      return validator;
    });
    return create(GetValidatorSetResponseSchema, { validators });
  }
}

/** A BLS key, which is there from protocol 20 on: compressed until 25, in whole later. */
function publicKeyIn(protocol: number): UnknownField[] {
  if (protocol < 20) return [];
  const bytes = protocol < 26 ? 48 : 96;
  return [{ no: 3, wireType: WireType.LengthDelimited, data: Uint8Array.of(bytes, ...new Uint8Array(bytes).fill(9)) }];
}
