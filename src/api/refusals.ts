import type { ApiRefusal } from "../client/errors.ts";
import { ProofError, type ProofRefusal } from "../proof/errors.ts";
import { type VmRefusal, vmRefusalOf } from "../vm/refusal.ts";
import { InvalidParams } from "./invalid-params.ts";

type Refusal = InvalidParams["refusal"] | ProofRefusal | VmRefusal;

/** What a client gets of an error that a method has thrown; undefined for what no method should throw: a bug. */
export function toApiRefusal(error: unknown): ApiRefusal | undefined {
  const isOurs = error instanceof InvalidParams || error instanceof ProofError;
  const refusal = isOurs ? error.refusal : vmRefusalOf(error);
  return refusal && translate(refusal);
}

/** Each refusal of the worlds behind the API is one of the contract, or said to reach no client. */
function translate(refusal: Refusal): ApiRefusal | undefined {
  switch (refusal.code) {
    case "invalid params":
    case "unknown block":
    case "no proof":
    case "answers too large":
    case "too many answers":
    case "shut down":
      return refusal;
    case "data too large": {
      const { code, bytes, maxBytes } = refusal;
      return { code, bytes: BigInt(bytes), maxBytes: BigInt(maxBytes) };
    }
    case "mempool full":
      return { code: refusal.code, items: BigInt(refusal.items), bytes: BigInt(refusal.bytes) };
    case "too many waiting":
      return { code: refusal.code, waiting: BigInt(refusal.waiting) };
    // Without the path, of which a program of a client has no use; the message has it.
    case "database in use":
      return { code: refusal.code };
    case "database failed":
      return { code: refusal.code, problem: refusal.problem, cure: refusal.cure };
    // What comes from peers, the node, or an operator.
    case "malformed block":
    case "malformed genesis":
    case "malformed config":
    case "malformed proof":
    // The rules between a block and its parent.
    case "unknown parent":
    case "wrong height":
    case "timestamp before parent":
    case "future timestamp":
    // What consensus asked for.
    case "nothing to build":
    case "too early":
    case "height decided":
    case "too many processing":
    case "not processing":
    case "already accepted":
    case "already rejected":
    case "not next":
    // What health says.
    case "clock behind":
    case "proposals wait":
      return undefined;
  }
}
