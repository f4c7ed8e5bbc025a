import { base58 } from "@scure/base";
import { CodedError } from "./coded-error.ts";
import { sha256 } from "./sha256.ts";

declare const brand: unique symbol;

/** Text or bytes that are no id, or no node id: `problem` says why. */
export class IdError extends CodedError<{ readonly code: "malformed id"; readonly problem: string }> {
  override readonly name = "IdError";

  constructor(problem: string) {
    super({ code: "malformed id", problem }, `malformed id: ${problem}`);
  }
}

/** 32 bytes as AvalancheGo writes them: CB58 text, equal exactly when the bytes are equal. */
export type Id = string & { readonly [brand]: "Id" };

/** Bytes of an id. */
export const idBytes = 32;
const checksumBytes = 4;
/** 36 bytes need at most 50 base58 digits. Decoding is quadratic, so longer text is refused unread. */
export const maxIdTextLength = 50;

/** Takes 32 bytes. */
export function idFromBytes(bytes: Uint8Array): Id {
  if (bytes.length !== idBytes) {
    throw new IdError(`${bytes.length} bytes instead of ${idBytes}`);
  }
  return encodeCb58(bytes) as Id;
}

/** CB58: base58 of the bytes and their checksum. For short input only, since base58 takes quadratic time. */
export function encodeCb58(bytes: Uint8Array): string {
  const checked = new Uint8Array(bytes.length + checksumBytes);
  checked.set(bytes);
  checked.set(checksum(bytes), bytes.length);
  return base58.encode(checked);
}

/** Takes at most 32 bytes, and pads them with zeros on the right. */
export function idFromShortBytes(bytes: Uint8Array): Id {
  const padded = new Uint8Array(idBytes);
  padded.set(bytes);
  return idFromBytes(padded);
}

/** Gives a new array of 32 bytes. */
export function idToBytes(id: Id): Uint8Array {
  return base58.decode(id).slice(0, idBytes);
}

/**
 * Reads CB58 text as timestampvm-rs does (avalanche-types 0.1.5, ids/mod.rs:138): white space around it is
 * ignored, and a payload shorter than 32 bytes is padded with zeros on the right. Throws "malformed id".
 */
export function parseId(text: string): Id {
  const trimmed = trimWhiteSpace(text);
  if (trimmed.length > maxIdTextLength) throw new IdError(`longer than ${maxIdTextLength} characters`);
  if (!/^[1-9A-HJ-NP-Za-km-z]*$/.test(trimmed)) throw new IdError("not base58");
  const decoded = base58.decode(trimmed);
  const end = decoded.length - checksumBytes;
  if (end < 0) throw new IdError("too short for a checksum");
  if (end > idBytes) throw new IdError(`${end} bytes instead of ${idBytes}`);
  const payload = decoded.subarray(0, end);
  if (!equalBytes(checksum(payload), decoded.subarray(end))) throw new IdError("wrong checksum");
  // A slice of a long text would keep the whole text in memory, so the id is written anew.
  return end === idBytes && trimmed.length === text.length ? (trimmed as Id) : idFromShortBytes(payload);
}

/** The parent of a genesis block. */
export const zeroId: Id = idFromBytes(new Uint8Array(idBytes));

/** Whether the bytes are the same. Not in constant time, so not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** CB58 takes the end of a single SHA-256, where Base58Check takes the start of a double one. */
function checksum(payload: Uint8Array): Uint8Array {
  return sha256(payload).subarray(-checksumBytes);
}

/** Trims as Rust does: unlike this, `trim()` removes U+FEFF, and keeps U+0085. */
function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (start < end && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Unicode's White_Space. */
function isWhiteSpace(code: number): boolean {
  if (code < 0x1680) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x85 || code === 0xa0;
  if (code >= 0x2000 && code <= 0x200a) return true;
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code);
}
