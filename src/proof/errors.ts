import { CodedError } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";

/** Why there is no valid proof: the given one is malformed, or no proof can pass through block `id`. */
export type ProofRefusal =
  | { readonly code: "malformed proof"; readonly problem: string }
  | { readonly code: "no proof"; readonly id: Id };

/** A value that is no valid proof, or a block that cannot be proven. */
export class ProofError extends CodedError<ProofRefusal> {
  override readonly name = "ProofError";

  constructor(refusal: ProofRefusal) {
    super(refusal, describe(refusal));
  }
}

function describe(refusal: ProofRefusal): string {
  switch (refusal.code) {
    case "malformed proof":
      return `not a proof: ${refusal.problem}`;
    case "no proof":
      return `no proof goes through block ${refusal.id}: timestampvm-rs kept it in another form than the one it had`;
  }
}
