import { encodingOf } from "../core/encoding.ts";
import { isJsonObject } from "../core/exact-json.ts";
import { ProofError } from "./errors.ts";

/**
 * The text of a proof's file. It is UTF-8, or UTF-16 as PowerShell writes it; a byte order mark is left out. Throws
 * "malformed proof" for other bytes.
 */
export function decodeProof(bytes: Uint8Array): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new ProofError({ code: "malformed proof", problem: "its bytes are neither UTF-8 nor UTF-16" });
  }
}

/**
 * The proof in a value: the value itself, or what a saved reply of `getProof` has. Throws "malformed proof" for a reply
 * without one.
 */
export function proofIn(value: unknown): unknown {
  if (!isJsonObject(value) || "version" in value) return value;
  const { result = value, error } = value;
  if (isJsonObject(error))
    throw replyWithout(`but why there is none: ${String(error.message).slice(0, maxQuotedLength)}`);
  if (isJsonObject(result) && "proof" in result) return result.proof;
  if (result !== value || "jsonrpc" in value) throw replyWithout("but no proof: ask for one by getProof");
  return value;
}

/** Characters of a reply's words. */
const maxQuotedLength = 200;

function replyWithout(what: string): ProofError {
  return new ProofError({ code: "malformed proof", problem: `it is a reply of the API, ${what}` });
}
