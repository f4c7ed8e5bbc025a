import { InvalidArgumentError } from "commander";
import { messageOf } from "../../avalanche/coded-error.ts";
import { type Id, parseId } from "../../avalanche/id.ts";
import { maxU64, parseU64 } from "../../core/u64.ts";

// Parsers of option values. Each throws commander's InvalidArgumentError, which is wrong use.

/** Reads a height: any u64, in decimal digits. */
export function parseHeightOption(text: string): bigint {
  const height = parseU64(text);
  if (height === undefined) throw new InvalidArgumentError(`not a whole number from 0 to ${maxU64}.`);
  return height;
}

/** Reads a block's id, in CB58. */
export function parseIdOption(text: string): Id {
  try {
    return parseId(text);
  } catch (error) {
    throw new InvalidArgumentError(`not a block's id: ${messageOf(error)}.`);
  }
}
