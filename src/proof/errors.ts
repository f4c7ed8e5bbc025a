import { CodedError } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";

/**
 * Why there is no valid proof: the given one is malformed, as JSON or as the bytes of an `.ots` file, or no proof can
 * pass through block `id`, or the block is too large for an `.ots` file.
 */
export type ProofRefusal =
  | { readonly code: "malformed proof"; readonly problem: string }
  /** `at` is the offset in bytes at which the problem was found. */
  | { readonly code: "malformed ots"; readonly problem: string; readonly at: number }
  | { readonly code: "no proof"; readonly id: Id }
  | { readonly code: "block too large"; readonly id: Id; readonly maxBytes: number };

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
    case "malformed ots":
      return `not an OpenTimestamps proof: ${refusal.problem} (at byte ${refusal.at})`;
    case "no proof":
      return `no proof goes through block ${refusal.id}: timestampvm-rs kept it in another form than the one it had`;
    case "block too large":
      return `block ${refusal.id} is larger than the ${refusal.maxBytes} bytes that an .ots file can hold of it`;
  }
}
