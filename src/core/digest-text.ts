import { type Digest, digestBytes, digestFromBytes, digestFromHex } from "./digest.ts";
import { countOf, formatSize } from "./format.ts";

// SHA-256 as people paste it. The command line, the API and the page read it here.

/** Names the forms for people. */
export const digestForms =
  "64 hex digits, alone or behind 0x or sha256:, a line of sha256sum, padded base64, or sha256-BASE64";

/** Characters that the text of a digest may have: a line of sha256sum with a long path has most. */
export const maxDigestLength = 5_000;

const hex = "([0-9A-Fa-f]{64})";
/** Base64 of 32 bytes (RFC 4648 §4). The two bits that the last letter has over are 0. */
const base64 = "([A-Za-z0-9+\\/]{42}[AEIMQUYcgkosw048]=)";
const name = "[Ss][Hh][Aa]256";
const bare = `(?:0[xX]|${name}[:-])?${hex}\\s*|(?:${name}[:-])?${base64}\\s*`;
/** Of sha256sum, shasum and openssl -r. A backslash begins one with an escaped name. */
const line = `\\\\?${hex} [ *].+[\\r\\n]*`;
/** Of sha256sum --tag, BSD's sha256 and openssl. */
const tagged = `\\\\?(?:SHA256|SHA2-256) ?\\(.*\\) ?= ?${hex}\\s*`;

/** Matches these forms with white space around, in linear time, by the dialect of JSON Schema too. */
export const digestPattern = new RegExp(`^\\s*(?:${bare}|${line}|${tagged})$`);

/** Takes a text in any of `digestForms`. Undefined for any other: `digestProblem` says why. */
export function parseDigest(text: string): Digest | undefined {
  const [, ...found] = (text.length <= maxDigestLength && digestPattern.exec(text)) || [];
  const digits = found.find((part) => part !== undefined);
  if (digits === undefined) return undefined;
  return digits.endsWith("=") ? digestFromBytes(Uint8Array.fromBase64(digits)) : digestFromHex(digits);
}

/** Why a text is no digest, for people: "not a SHA-256: …". */
export function digestProblem(text: string): string {
  return `not a SHA-256: ${describe(text.slice(0, maxDigestLength).trim())}`;
}

function describe(text: string): string {
  if (/[\r\n]/.test(text)) return "more than one line";
  const [, algorithm] = /^\\?((?!sha(?:2?-)?256)(?:sha|md|blake)\w*)[ :(/-]/i.exec(text) ?? [];
  if (algorithm !== undefined) return `it names another hash, ${algorithm}`;
  const [, digits = ""] = /^\\?(?:0x|sha256[:-])?([0-9a-f]{8,})(?:$| )/i.exec(text) ?? [];
  if (digits !== "") return `${countOf(digits.length, "hex digit")}${ofHash(digits.length)}, not ${2 * digestBytes}`;
  const bytes = readBase64(text.replace(/^sha256[:-]/i, ""));
  return bytes === undefined ? `give ${digestForms}` : `${formatSize(bytes)} in base64, not ${digestBytes}`;
}

/** The hash that has so many hex digits, as far as one is common. */
function ofHash(digits: number): string {
  const names: Readonly<Record<number, string>> = {
    32: "MD5",
    40: "SHA-1",
    56: "SHA-224",
    96: "SHA-384",
    128: "SHA-512",
  };
  return names[digits] === undefined ? "" : `, as ${names[digits]} has`;
}

/** The number of bytes; undefined for a text that is no padded base64, or so short that it is rather a word. */
function readBase64(text: string): number | undefined {
  if (text.length < 16 || /\s/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" }).length;
  } catch {
    return undefined;
  }
}
