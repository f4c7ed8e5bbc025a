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

/** For each field of a struct, by its JSON name, the function that reads its value. */
type Readers<T> = { readonly [Name in keyof T]: (reader: SerdeReader) => T[Name] };
type Name<T> = Extract<keyof T, string>;

/**
 * Reads a struct from JSON bytes exactly as serde_json 1.0.116 does, since all nodes must agree on what parses. It
 * differs from `JSON.parse` in many ways: duplicate keys, u64 numbers, broken UTF-8 in ignored values, arrays for
 * structs. It does not recurse, and takes linear time: some nanoseconds per byte for any input.
 */
export class SerdeReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads a whole document that is a struct with these fields, each exactly once: an object with keys in any order,
   * where unknown keys are ignored, or an array of exactly the fields in order. Gives what each reader gives, by field.
   * Field names must be ASCII. Throws a SyntaxError, or what a reader throws.
   */
  readStruct<T extends object>(readers: Readers<T>): T {
    this.#at = skipWhiteSpace(this.#bytes, this.#at);
    const opener = this.#bytes[this.#at];
    if (opener !== openBrace && opener !== openBracket) throw unexpected("an object or an array", this.#at);
    const struct = opener === openBrace ? this.#readObject(readers) : this.#readTuple(readers);
    const end = skipWhiteSpace(this.#bytes, this.#at);
    if (end !== this.#bytes.length) throw unexpected("the end", end);
    return struct;
  }

  /** Reads a string without broken UTF-8 or lone surrogates. */
  readString(): string {
    const start = skipWhiteSpace(this.#bytes, this.#at);
    this.#at = skipText(this.#bytes, start);
    const inside = this.#bytes.subarray(start + 1, this.#at - 1);
    if (!inside.includes(backslash)) return utf8.decode(inside);
    return JSON.parse(utf8.decode(this.#bytes.subarray(start, this.#at))) as string;
  }

  /** Reads an integer from 0 to 2^64 - 1, without sign, fraction, exponent or leading zero. */
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

  /** Unknown keys and their values are skipped byte by byte, and take no memory. */
  #readObject<T extends object>(readers: Readers<T>): T {
    const bytes = this.#bytes;
    const struct: Partial<T> = {};
    let at = skipWhiteSpace(bytes, this.#at + 1);
    for (let isMore = bytes[at] !== closeBrace; isMore; ) {
      const key = skipWhiteSpace(bytes, at);
      at = skipToken(bytes, skipText(bytes, key), colon);
      const name = nameAt(bytes, key, readers);
      if (name === undefined) at = skipValue(bytes, at);
      else {
        if (Object.hasOwn(struct, name)) throw new SyntaxError(`duplicate field \`${name}\``);
        this.#at = at;
        struct[name] = readers[name](this);
        at = this.#at;
      }
      at = skipWhiteSpace(bytes, at);
      isMore = bytes[at] === comma;
      if (isMore) at++;
    }
    this.#at = skipToken(bytes, at, closeBrace);
    expectWhole(struct, readers);
    return struct;
  }

  #readTuple<T extends object>(readers: Readers<T>): T {
    const struct: Partial<T> = {};
    let before = openBracket;
    for (const name in readers) {
      this.#at = skipToken(this.#bytes, this.#at, before);
      struct[name] = readers[name](this);
      before = comma;
    }
    this.#at = skipToken(this.#bytes, this.#at, closeBracket);
    expectWhole(struct, readers);
    return struct;
  }
}

/** The field whose name is the well-formed string at `start`. */
function nameAt<T>(bytes: Uint8Array, start: number, readers: Readers<T>): Name<T> | undefined {
  for (const name in readers) if (isName(bytes, start, name)) return name;
  return undefined;
}

function expectWhole<T extends object>(struct: Partial<T>, readers: Readers<T>): asserts struct is T {
  for (const name in readers) {
    if (!Object.hasOwn(struct, name)) throw new SyntaxError(`missing field \`${name}\``);
  }
}

/** Whether the well-formed string at `start` is `name`, with or without escapes. */
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
