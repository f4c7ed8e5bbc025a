import { InvalidArgumentError } from "commander";
import { messageOf } from "../../avalanche/coded-error.ts";
import { type Id, parseId } from "../../avalanche/id.ts";
import { type Address, readAddress } from "../../core/address.ts";
import type { Digest } from "../../core/digest.ts";
import { digestProblem, parseDigest } from "../../core/digest-text.ts";
import { parseNonce } from "../../core/nonce.ts";
import { nonceBytes } from "../../core/salted-digest.ts";
import { maxU64, parseU64 } from "../../core/u64.ts";
import { expectNotEmpty } from "../expect-meant.ts";

// Parsers of option values. Each throws commander's InvalidArgumentError, which is wrong use.

/** Reads a height: any u64, in decimal digits. */
export function parseHeightOption(text: string): bigint {
  expectNotEmpty(text);
  const height = parseU64(text);
  if (height === undefined) throw new InvalidArgumentError(`not a whole number from 0 to ${maxU64}.`);
  return height;
}

/** Gives a parser of HOST:PORT, of which either may be missing. */
export function addressParser(usualPort: number): (text: string) => Address {
  return (text) => {
    expectNotEmpty(text);
    const read = readAddress(text, usualPort);
    if ("problem" in read) throw new InvalidArgumentError(`${read.problem}.`);
    return read.address;
  };
}

/** Reads a block's id, in CB58. */
export function parseIdOption(text: string): Id {
  expectNotEmpty(text);
  if (parseU64(text) !== undefined) {
    throw new InvalidArgumentError(`a height, not a block's id: \`timestampvm block ${text}\` shows the id.`);
  }
  try {
    return parseId(text);
  } catch (error) {
    throw new InvalidArgumentError(`not a block's id: ${messageOf(error)}.`);
  }
}

/** Reads a SHA-256, in any of the forms that people have it in. */
export function parseDigestOption(text: string): Digest {
  expectNotEmpty(text);
  const digest = parseDigest(text);
  if (digest === undefined) throw new InvalidArgumentError(`${digestProblem(text)}.`);
  return digest;
}

/** Reads the nonce of a salted stamp. */
export function parseNonceOption(text: string): Uint8Array {
  expectNotEmpty(text);
  const nonce = parseNonce(text);
  if (nonce === undefined) throw new InvalidArgumentError(`not ${nonceBytes} bytes in ${2 * nonceBytes} hex digits.`);
  return nonce;
}
