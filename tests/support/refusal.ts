import { CodedError } from "../../src/avalanche/coded-error.ts";
import type { IdError } from "../../src/avalanche/id.ts";
import type { ChainError } from "../../src/core/errors.ts";
import type { ProofError } from "../../src/proof/errors.ts";
import type { FileError } from "../../src/store/errors.ts";
import type { LimitError } from "../../src/vm/limit-error.ts";

/** Of every world that refuses. */
export type Refusal = (IdError | ChainError | FileError | ProofError | LimitError)["refusal"];

/** What `work` refuses with; undefined when it does not. Any other error is a failure of the test. */
export function refusalOf(work: () => unknown): Refusal | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error.refusal;
    throw error;
  }
}

export function refusalCodeOf(work: () => unknown): Refusal["code"] | undefined {
  return refusalOf(work)?.code;
}
