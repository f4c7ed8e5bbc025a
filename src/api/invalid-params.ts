import { CodedError } from "../avalanche/coded-error.ts";

/** Thrown by a method for parameters that it does not take; `parameter` is the one that is wrong, where it is one. */
export class InvalidParams extends CodedError<{ readonly code: "invalid params"; readonly parameter?: string }> {
  override readonly name = "InvalidParams";

  constructor(problem: string, parameter?: string) {
    super({ code: "invalid params", ...(parameter !== undefined && { parameter }) }, `Invalid params: ${problem}`);
  }
}
