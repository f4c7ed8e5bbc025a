import type { ApiRefusal } from "../client/errors.ts";
import { ProofError, type ProofRefusal } from "../proof/errors.ts";
import { type VmRefusal, vmRefusalOf } from "../vm/refusal.ts";
import { InvalidParams } from "./invalid-params.ts";

type Refusal = InvalidParams["refusal"] | ProofRefusal | VmRefusal;

/** Translates an error of a method into the client's refusal; undefined for a bug. */
export function toApiRefusal(error: unknown): ApiRefusal | undefined {
  const isOurs = error instanceof InvalidParams || error instanceof ProofError;
  const refusal = isOurs ? error.refusal : vmRefusalOf(error);
  return refusal && translate(refusal);
}

/** Maps each refusal of the code behind the API to one of the contract, or to undefined if no client gets it. */
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
    // Without the path, which is of no use to a client's program. The message has it.
    case "database in use":
      return { code: refusal.code };
    case "database failed":
      return { code: refusal.code, problem: refusal.problem, cure: refusal.cure };
    // These concern peers, the node, or an operator.
    case "malformed block":
    case "malformed genesis":
    case "malformed config":
    case "malformed proof":
    case "malformed ots":
    case "block too large":
    // These are rules between a block and its parent.
    case "unknown parent":
    case "wrong height":
    case "timestamp before parent":
    case "future timestamp":
    // These answer calls of consensus.
    case "nothing to build":
    case "too early":
    case "height decided":
    case "too many processing":
    case "not processing":
    case "already accepted":
    case "already rejected":
    case "not next":
    // This is for the health check.
    case "clock behind":
    case "proposals wait":
      return undefined;
  }
}
