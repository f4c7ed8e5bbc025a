import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  comma,
  escapedUnit,
  escapeLength,
  openBrace,
  openBracket,
  quote,
  skipDigits,
  skipText,
  skipToken,
  skipValue,
  skipWhiteSpace,
  unexpected,
} from "./serde-skip.ts";
import { maxU64, maxU64Digits } from "./u64.ts";

type ReadField = (reader: SerdeReader) => void;
type Field = readonly [name: string, readField: ReadField];

/**
 * Reads JSON bytes exactly as serde_json 1.0.116 does for a struct: what it takes and refuses differs from
 * `JSON.parse` in many ways (duplicate keys, u64 numbers, broken UTF-8 in ignored values, arrays for structs), and
 * every node must agree on it. No recursion; the time is linear in the input, some nanoseconds a byte whatever it is.
 */
export class SerdeReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads a whole document that holds a struct with these fields, each exactly once: an object with its keys in any
   * order and unknown ones ignored, or an array with exactly the fields in order. The fields' names are ASCII.
   */
  readStruct(readField: Readonly<Record<string, ReadField>>): void {
    const fields = Object.entries(readField);
    this.#at = skipWhiteSpace(this.#bytes, this.#at);
    const opener = this.#bytes[this.#at];
    if (opener === openBrace) this.#readObject(fields);
    else if (opener === openBracket) this.#readTuple(fields);
    else throw unexpected("an object or an array", this.#at);
    const end = skipWhiteSpace(this.#bytes, this.#at);
    if (end !== this.#bytes.length) throw unexpected("the end", end);
  }

  /** A string without broken UTF-8 or lone surrogates. */
  readString(): string {
    const start = skipWhiteSpace(this.#bytes, this.#at);
    this.#at = skipText(this.#bytes, start);
    const inside = this.#bytes.subarray(start + 1, this.#at - 1);
    if (!inside.includes(backslash)) return utf8.decode(inside);
    return JSON.parse(utf8.decode(this.#bytes.subarray(start, this.#at))) as string;
  }

  /** An integer literal from 0 to 2^64 - 1: no sign, fraction, exponent or leading zero. */
  readU64(): bigint {
    const start = skipWhiteSpace(this.#bytes, this.#at);
    const end = skipDigits(this.#bytes, start);
    const digits = end - start;
    const isShort = digits > 0 && digits <= maxU64Digits && (digits === 1 || this.#bytes[start] !== digit0);
    const value = isShort ? BigInt(utf8.decode(this.#bytes.subarray(start, end))) : overflow;
    if (value > maxU64) throw unexpected("an unsigned 64-bit integer", start);
    this.#at = end;
    return value;
  }

  /** A key of no field, and its value, costs no more than a look at their bytes. */
  #readObject(fields: readonly Field[]): void {
    const bytes = this.#bytes;
    const seen = new Set<string>();
    let at = skipWhiteSpace(bytes, this.#at + 1);
    for (let isMore = bytes[at] !== closeBrace; isMore; ) {
      const key = skipWhiteSpace(bytes, at);
      at = skipToken(bytes, skipText(bytes, key), colon);
      const field = fieldAt(bytes, key, fields);
      if (field === undefined) at = skipValue(bytes, at);
      else {
        const [name, readField] = field;
        if (seen.has(name)) throw new SyntaxError(`duplicate field \`${name}\``);
        seen.add(name);
        this.#at = at;
        readField(this);
        at = this.#at;
      }
      at = skipWhiteSpace(bytes, at);
      isMore = bytes[at] === comma;
      if (isMore) at++;
    }
    this.#at = skipToken(bytes, at, closeBrace);
    for (const [name] of fields) if (!seen.has(name)) throw new SyntaxError(`missing field \`${name}\``);
  }

  #readTuple(fields: readonly Field[]): void {
    this.#at++;
    for (const [i, [, readField]] of fields.entries()) {
      if (i > 0) this.#at = skipToken(this.#bytes, this.#at, comma);
      readField(this);
    }
    this.#at = skipToken(this.#bytes, this.#at, closeBracket);
  }
}

/** The field whose name the sound string at `start` says. */
function fieldAt(bytes: Uint8Array, start: number, fields: readonly Field[]): Field | undefined {
  for (const field of fields) if (isName(bytes, start, field[0])) return field;
  return undefined;
}

/** Whether the sound string at `start` says the name, in escapes or not. */
function isName(bytes: Uint8Array, start: number, name: string): boolean {
  let at = start + 1;
  for (let i = 0; i < name.length; i++) {
    const isEscape = bytes[at] === backslash;
    if ((isEscape ? escapedUnit(bytes, at) : bytes[at]) !== name.charCodeAt(i)) return false;
    at += isEscape ? escapeLength(bytes, at) : 1;
  }
  return bytes[at] === quote;
}

const digit0 = 0x30;
const overflow = maxU64 + 1n;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
