import { type Refusal, VmError } from "../../src/core/errors.ts";

/** What `work` refuses with; undefined when it does not. Any other error is a failure of the test. */
export function refusalOf(work: () => unknown): Refusal | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof VmError) return error.refusal;
    throw error;
  }
}

export function refusalCodeOf(work: () => unknown): Refusal["code"] | undefined {
  return refusalOf(work)?.code;
}
