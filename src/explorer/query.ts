import { type Id, IdError, parseId } from "../avalanche/id.ts";
import { minIdStartLength } from "../avalanche/id-start.ts";
import type { Digest } from "../core/digest.ts";
import { digestProblem, parseDigest } from "../core/digest-text.ts";
import { parseTime } from "../core/time-text.ts";
import { parseU64 } from "../core/u64.ts";

/** The page that is asked for. */
export type Query =
  | { readonly page: "blocks"; readonly from: bigint | undefined }
  | { readonly page: "block"; readonly id: Id }
  /** The data of a block, to be saved. */
  | { readonly page: "data"; readonly id: Id }
  /** The blocks whose ids begin and end so. */
  | { readonly page: "ids"; readonly start: string; readonly end: string }
  | { readonly page: "height"; readonly height: bigint }
  | { readonly page: "time"; readonly timestamp: bigint }
  | { readonly page: "digest"; readonly digest: Digest; readonly from: bigint }
  | { readonly page: "malformed"; readonly problem: string };

/**
 * Reads the parameters of the page's URL: `block`, `data`, `height`, `digest`, or `q` for what people look for; `from`
 * for lists.
 */
export function parseQuery(params: Readonly<Record<string, string>>): Query {
  const { block, data, height, digest, q, from } = params;
  const start = from === undefined ? undefined : parseHeight(from);
  if (from !== undefined && start === undefined) return malformed(from, "not a height");
  if (block !== undefined) return readId("block", block) ?? malformed(block, "not a block id");
  if (data !== undefined) return readId("data", data) ?? malformed(data, "not a block id");
  if (height !== undefined) return readHeight(height) ?? malformed(height, "not a height");
  if (digest !== undefined) return readDigest(digest, start) ?? malformed(digest, digestProblem(digest));
  if (q === undefined || q.trim() === "") return { page: "blocks", from: start };
  const found = readHeight(q) ?? readDigest(q, start) ?? readTime(q) ?? readId("block", q) ?? readShortId(q);
  return found ?? malformed(q, `neither a height, a time nor a block id, and ${digestProblem(q)}`);
}

/** Takes "1204" and, as the pages write it, "1,204" or "#1,204". */
function parseHeight(text: string): bigint | undefined {
  const digits = /^#?(\d{1,3}(?:,\d{3})+|\d{1,20})$/.exec(text.trim())?.[1];
  return digits === undefined ? undefined : parseU64(digits.replaceAll(",", ""));
}

function readHeight(text: string): Query | undefined {
  const height = parseHeight(text);
  return height === undefined ? undefined : { page: "height", height };
}

function readDigest(text: string, from = 0n): Query | undefined {
  const digest = parseDigest(text);
  return digest === undefined ? undefined : { page: "digest", digest, from };
}

/** Any text that is a time but no height: a number of seconds must have an @ before it, or a fraction. */
function readTime(text: string): Query | undefined {
  const timestamp = parseTime(text);
  return timestamp === undefined ? undefined : { page: "time", timestamp };
}

function readId(page: "block" | "data", text: string): Query | undefined {
  try {
    return { page, id: parseId(text) };
  } catch (error) {
    if (error instanceof IdError) return undefined;
    throw error;
  }
}

/** Takes the start of an id, or its start and end, as the pages shorten it: shorter than a whole id. */
function readShortId(text: string): Query | undefined {
  const [, start = "", end = ""] = shortId.exec(text.trim()) ?? [];
  const isShort = start.length >= minIdStartLength && start.length + end.length <= maxShortIdLength;
  return isShort ? { page: "ids", start, end } : undefined;
}

const shortId = /^([1-9A-HJ-NP-Za-km-z]+)(?:(?:…|\.\.\.)([1-9A-HJ-NP-Za-km-z]*))?$/;
/** What is as long as most ids is a wrong one. */
const maxShortIdLength = 45;

function malformed(text: string, problem: string): Query {
  return { page: "malformed", problem: `“${text.slice(0, maxShownLength)}” is ${problem}.` };
}

/** Characters of a malformed value that the page repeats. */
const maxShownLength = 100;
