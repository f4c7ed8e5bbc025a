// A body is JSON in UTF-8, as it is. What a request says else of its body is refused by name: read as JSON, it would
// only be malformed.

/** A 415 (RFC 9110, 15.5.16): its words, and the header that says what is taken. */
export interface BodyProblem {
  readonly words: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a body is not taken, by the values of Content-Type and Content-Encoding. Undefined if it is. */
export function bodyProblemOf(type: string | undefined, encoding: string | undefined): BodyProblem | undefined {
  const [media = "", ...parameters] = partsOf(type, ";");
  // A web page may send other content types without asking. For these, a browser asks the node first.
  if (!jsonTypes.includes(media)) return { words: "send Content-Type: application/json", headers: acceptJson };
  const charset = parameters.map(charsetIn).find((name) => name !== undefined && !charsets.includes(name));
  if (charset !== undefined)
    return { words: `charset ${shown(charset)} is not taken: send UTF-8`, headers: acceptJson };
  const coding = partsOf(encoding, ",").find((name) => name !== "" && name !== "identity");
  if (coding === undefined) return undefined;
  return { words: `Content-Encoding ${shown(coding)} is not taken: send the body as it is`, headers: acceptPlain };
}

/** JSON-RPC over HTTP (https://www.jsonrpc.org/historical/json-rpc-over-http.html) has the other two as well. */
const jsonTypes: readonly string[] = ["application/json", "application/json-rpc", "application/jsonrequest"];

/** UTF-8 and what is a part of it. */
const charsets: readonly string[] = ["utf-8", "utf8", "us-ascii", "ascii"];

const acceptJson = { Accept: "application/json" };
const acceptPlain = { "Accept-Encoding": "identity" };

function partsOf(value = "", separator: string): string[] {
  return value.split(separator).map((part) => part.trim().toLowerCase());
}

/** Undefined for another parameter. */
function charsetIn(parameter: string): string | undefined {
  return /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1];
}

/** The client's own text, as far as it is short. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
