import * as z from "zod";
import { type Id, IdError, maxIdTextLength, parseId } from "../avalanche/id.ts";
import type { Digest } from "../core/digest.ts";
import { digestForms, digestPattern, digestProblem, maxDigestLength, parseDigest } from "../core/digest-text.ts";
import { readNumber } from "../core/exact-json.ts";
import { parseTime, smallUnits, timeForms, timePattern, timeProblem } from "../core/time-text.ts";
import { maxU64 } from "../core/u64.ts";
import { bytesPattern, parseBytes } from "./bytes-text.ts";
import { maxWaitMs } from "./limits.ts";

// The values of the API: what clients send and what they get.

// In parameters.

/** A whole number in a range, both ends included, with all the digits that a client sends; parsed to a bigint. */
export function wholeNumber(min: bigint, max: bigint, description: string) {
  return z
    .custom<bigint | number>((value) => isWithin(toBigInt(value), min, max), `must be a whole number, ${min} to ${max}`)
    .transform((value) => toBigInt(value) ?? min)
    .meta({ type: "integer", minimum: Number(min), maximum: Number(max), description });
}

/** Any u64: a height, or Unix seconds. Parsed to a bigint. */
export const u64Param = (description: string) => wholeNumber(0n, maxU64, description);

/** A time, as a number of Unix seconds or as text; parsed to Unix seconds. */
export const timeParam = z
  .custom<bigint | number | string>(
    (value) => typeof value === "string" || isWithin(toBigInt(value), 0n, maxU64),
    `must be a whole number, 0 to ${maxU64}, or a time as text`,
  )
  .transform((value, context): bigint => {
    const text = typeof value === "string" ? value : `@${toBigInt(value)}`; // a number is always one of seconds
    return parseTime(text) ?? refuse(context, `is ${timeProblem(text)}`);
  })
  .meta({
    anyOf: [...secondsRanges(), { type: "string", pattern: timePattern.source }],
    description: `a time: ${timeForms}; a number in milliseconds or smaller units is refused`,
  });

/** The numbers that are seconds. All these ends are exact as doubles. */
function secondsRanges(): object[] {
  const starts = [0n, ...smallUnits.map(({ to }) => to)];
  return starts.map((start, i) => {
    const end = smallUnits[i]?.from;
    const upTo = end === undefined ? { maximum: Number(maxU64) } : { exclusiveMaximum: Number(end) };
    return { type: "integer", minimum: Number(start), ...upTo };
  });
}

/** Milliseconds, 0 by default; parsed to a number. `what` is the end of its description. */
export const waitMsParam = (what: string) =>
  wholeNumber(0n, BigInt(maxWaitMs), `wait up to so many milliseconds ${what}`).transform(Number).default(0);

/** Bytes as text; parsed to a Uint8Array. */
export const dataParam = text("bytes: base64 (padded), or 0x and an even number of hex digits")
  .meta({ pattern: bytesPattern })
  .transform(
    (value, context): Uint8Array =>
      parseBytes(value) ?? refuse(context, "must be base64 with padding, or 0x and hex digits"),
  );

/** A SHA-256 as text, in any of the forms that people have it in; parsed to a `Digest`. */
export const digestParam = text(`a SHA-256: ${digestForms}`)
  .meta({ pattern: digestPattern.source, maxLength: maxDigestLength })
  .transform((value, context): Digest => parseDigest(value) ?? refuse(context, `is ${digestProblem(value)}`));

/** What is CB58 but for its checksum, with the white space around it that `parseId` takes. */
const whiteSpace = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*";
const idPattern = `^${whiteSpace}[1-9A-HJ-NP-Za-km-z]{1,${maxIdTextLength}}${whiteSpace}$`;

/** CB58 as text; parsed to an `Id`. */
export const blockIdParam = text("a block's id, in CB58, which ends with a checksum")
  .meta({ pattern: idPattern })
  .transform((value, context): Id => {
    try {
      return parseId(value);
    } catch (error) {
      if (error instanceof IdError) return refuse(context, `must be a block's id: ${error.refusal.problem}`);
      throw error;
    }
  });

// In results.

/** A JSON number with all its digits. */
export const u64 = z.bigint().meta({ id: "U64", type: "integer", minimum: 0, maximum: Number(maxU64) });

/** A block's id, 32 bytes in CB58. */
export const blockId = z.string().meta({ id: "BlockId", description: "SHA-256 of the block's bytes, in CB58" });

/** Bytes in lower-case hex behind `0x`. */
export const hexBytes = z.string().meta({ id: "Bytes", pattern: "^0x([0-9a-f]{2})*$" });

/** A SHA-256, 32 bytes, in the same form. */
export const hexDigest = z.string().meta({ id: "Digest", pattern: "^0x[0-9a-f]{64}$" });

/** Formats bytes as `hexBytes`. */
export function formatHex(bytes: Uint8Array): string {
  return `0x${bytes.toHex()}`;
}

/** Formats a digest as `hexDigest`. */
export function formatDigest(digest: Digest): string {
  return `0x${digest}`;
}

function text(description: string) {
  return z.string("must be a string").meta({ description });
}

/** A transform gives this for a value that it refuses. The message follows the parameter's name. */
export function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** A number of a request keeps its text: as raw JSON, or because it formats to the same text (`parseVerbatimJson`). */
function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value !== "number" && !JSON.isRawJSON(value)) return undefined;
  const number = readNumber(JSON.stringify(value));
  return typeof number === "bigint" ? number : undefined;
}

function isWithin(value: bigint | undefined, min: bigint, max: bigint): boolean {
  return value !== undefined && min <= value && value <= max;
}
