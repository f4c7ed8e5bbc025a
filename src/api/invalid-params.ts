import { CodedError } from "../avalanche/coded-error.ts";

/** A method refuses its parameters. `parameter` is the wrong one; undefined if it is not a single one. */
export class InvalidParams extends CodedError<{ readonly code: "invalid params"; readonly parameter?: string }> {
  override readonly name = "InvalidParams";

  constructor(problem: string, parameter?: string) {
    super({ code: "invalid params", ...(parameter !== undefined && { parameter }) }, `Invalid params: ${problem}`);
  }
}
