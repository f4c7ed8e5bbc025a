import { InvalidArgumentError } from "commander";
import { type Id, parseId } from "../../avalanche/id.ts";

/** A block's id as an option gives it. */
export function parseIdOption(text: string): Id {
  try {
    return parseId(text);
  } catch (error) {
    throw new InvalidArgumentError(`it is not a block's id: ${(error as Error).message}.`);
  }
}
