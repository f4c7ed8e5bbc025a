/**
 * Reads JSON bytes exactly as serde_json 1.0.116 does for a struct: what it takes and refuses differs from
 * `JSON.parse` in many ways (duplicate keys, u64 numbers, broken UTF-8 in ignored values, arrays for structs), and
 * every node must agree on it. One pass, no recursion, time linear in the input.
 */
export class JsonReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads a whole document that holds a struct with these fields, each exactly once: an object with its keys in any
   * order and unknown ones ignored, or an array with exactly the fields in order.
   */
  readStruct(readField: Readonly<Record<string, (reader: JsonReader) => void>>): void {
    const fields = new Map(Object.entries(readField));
    switch (this.#nextToken()) {
      case openBrace:
        this.#readObject(fields);
        break;
      case openBracket:
        this.#readTuple([...fields.values()]);
        break;
      default:
        throw this.#unexpected("an object or an array");
    }
    this.#skipWhiteSpace();
    if (this.#at !== this.#bytes.length) throw this.#unexpected("the end");
  }

  /** A string without broken UTF-8 or lone surrogates. */
  readString(): string {
    if (this.#nextToken() !== quote) throw this.#unexpected("a string");
    const start = this.#at;
    this.#at = this.#endOfString(start);
    try {
      const text: unknown = JSON.parse(utf8.decode(this.#bytes.subarray(start, this.#at)));
      if (typeof text === "string" && text.isWellFormed()) return text;
    } catch {
      // Broken UTF-8, an unknown escape or a control character: refused below.
    }
    this.#at = start;
    throw this.#unexpected("a well-formed string");
  }

  /** An integer literal from 0 to 2^64 - 1: no sign, fraction, exponent or leading zero. */
  readU64(): bigint {
    this.#skipWhiteSpace();
    const start = this.#at;
    if (this.#skipDigits() === 0) throw this.#unexpected("an unsigned integer");
    const digits = this.#at - start;
    const value = digits <= maxU64Digits ? BigInt(ascii(this.#bytes.subarray(start, this.#at))) : overflow;
    if (value > maxU64 || (digits > 1 && this.#bytes[start] === digit0)) {
      this.#at = start;
      throw this.#unexpected("an unsigned 64-bit integer");
    }
    return value;
  }

  #readObject(fields: ReadonlyMap<string, (reader: JsonReader) => void>): void {
    const seen = new Set<string>();
    this.#at++;
    if (this.#nextToken() === closeBrace) this.#at++;
    else {
      do {
        const key = this.readString();
        this.#expect(colon, "':'");
        const readField = fields.get(key);
        if (readField === undefined) this.#skipValue();
        else {
          if (seen.has(key)) throw new SyntaxError(`duplicate field \`${key}\``);
          seen.add(key);
          readField(this);
        }
      } while (this.#continues(closeBrace));
    }
    for (const name of fields.keys()) {
      if (!seen.has(name)) throw new SyntaxError(`missing field \`${name}\``);
    }
  }

  #readTuple(fields: readonly ((reader: JsonReader) => void)[]): void {
    this.#at++;
    for (const [i, readField] of fields.entries()) {
      if (i > 0) this.#expect(comma, "','");
      readField(this);
    }
    this.#expect(closeBracket, "']'");
  }

  /** Any value, whatever its depth. Strings may hold broken UTF-8 and lone surrogates; numbers only need the grammar. */
  #skipValue(): void {
    const closers: number[] = [];
    do {
      const token = this.#nextToken();
      if (token === openBrace || token === openBracket) {
        const closer = token + 2; // '{' and '}', '[' and ']' are two apart
        this.#at++;
        if (this.#nextToken() === closer) this.#at++;
        else {
          closers.push(closer);
          if (closer === closeBrace) this.#skipKey();
          continue;
        }
      } else this.#skipScalar(token);
      this.#skipClosers(closers);
    } while (closers.length > 0);
  }

  /** After a value inside `closers`: goes to the next value, out of every array and object that ends here. */
  #skipClosers(closers: number[]): void {
    for (;;) {
      const closer = closers.at(-1);
      if (closer === undefined) return;
      if (this.#continues(closer)) {
        if (closer === closeBrace) this.#skipKey();
        return;
      }
      closers.pop();
    }
  }

  #skipKey(): void {
    if (this.#nextToken() !== quote) throw this.#unexpected("a key");
    this.#skipString(); // as lenient as a string value; only the keys beside the fields must be text
    this.#expect(colon, "':'");
  }

  #skipScalar(token: number | undefined): void {
    if (token === quote) this.#skipString();
    else if (token === minus || isDigit(token)) this.#skipNumber();
    else if (token === 0x74) this.#skipWord("true");
    else if (token === 0x66) this.#skipWord("false");
    else if (token === 0x6e) this.#skipWord("null");
    else throw this.#unexpected("a value");
  }

  #skipString(): void {
    const start = this.#at;
    for (let at = start + 1; ; at++) {
      const byte = this.#bytes[at];
      if (byte === quote) {
        this.#at = at + 1;
        return;
      }
      if (byte === backslash) at = this.#endOfEscape(at);
      else if (byte === undefined || byte < 0x20) throw new SyntaxError(`malformed string at byte ${start}`);
    }
  }

  /** Where the escape that begins at `start` has its last byte. */
  #endOfEscape(start: number): number {
    const byte = this.#bytes[start + 1];
    if (byte === 0x75) {
      for (let at = start + 2; at < start + 6; at++) {
        if (!isHexDigit(this.#bytes[at])) throw new SyntaxError(`malformed escape at byte ${start}`);
      }
      return start + 5;
    }
    if (byte === undefined || !escapable.has(byte)) throw new SyntaxError(`malformed escape at byte ${start}`);
    return start + 1;
  }

  #skipNumber(): void {
    if (this.#bytes[this.#at] === minus) this.#at++;
    const leadingZero = this.#bytes[this.#at] === digit0;
    const digits = this.#skipDigits();
    if (digits === 0 || (leadingZero && digits > 1)) throw this.#unexpected("a number");
    if (this.#bytes[this.#at] === 0x2e) {
      this.#at++;
      if (this.#skipDigits() === 0) throw this.#unexpected("a digit");
    }
    if (((this.#bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at++;
      const sign = this.#bytes[this.#at];
      if (sign === minus || sign === 0x2b) this.#at++;
      if (this.#skipDigits() === 0) throw this.#unexpected("a digit");
    }
  }

  #skipDigits(): number {
    const start = this.#at;
    while (isDigit(this.#bytes[this.#at])) this.#at++;
    return this.#at - start;
  }

  #skipWord(word: string): void {
    const end = this.#at + word.length;
    if (ascii(this.#bytes.subarray(this.#at, end)) !== word) throw this.#unexpected(word);
    this.#at = end;
  }

  /** Where the string that opens at `start` ends, its closing quote included. */
  #endOfString(start: number): number {
    let from = start + 1;
    for (;;) {
      const end = this.#bytes.indexOf(quote, from);
      if (end === -1) throw new SyntaxError(`string at byte ${start} does not end`);
      let backslashes = 0;
      while (end - 1 - backslashes > start && this.#bytes[end - 1 - backslashes] === backslash) backslashes++;
      if (backslashes % 2 === 0) return end + 1;
      from = end + 1;
    }
  }

  /** After an element: true past a comma, false past the closer. */
  #continues(closer: number): boolean {
    const token = this.#nextToken();
    if (token !== comma && token !== closer) throw this.#unexpected("',' or an end");
    this.#at++;
    return token === comma;
  }

  #expect(token: number, name: string): void {
    if (this.#nextToken() !== token) throw this.#unexpected(name);
    this.#at++;
  }

  #nextToken(): number | undefined {
    this.#skipWhiteSpace();
    return this.#bytes[this.#at];
  }

  #skipWhiteSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(wanted: string): SyntaxError {
    return new SyntaxError(`expected ${wanted} at byte ${this.#at}`);
  }
}

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const digit0 = 0x30;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const maxU64 = 2n ** 64n - 1n;
const overflow = maxU64 + 1n;
const maxU64Digits = 20;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const escapable = new Set(new TextEncoder().encode('"\\/bfnrt'));

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digit0 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** For a few bytes only. */
function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
