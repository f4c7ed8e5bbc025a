/**
 * Steps over JSON as serde_json 1.0.116 does. Each function takes the index where a value starts, and gives the index
 * after its end, or throws a SyntaxError. It looks at each byte once, and decodes or copies nothing.
 */

export const quote = 0x22;
export const comma = 0x2c;
export const colon = 0x3a;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
const minus = 0x2d;
const digit0 = 0x30;

/** The error for bytes at index `at` that are not what is `wanted`. */
export function unexpected(wanted: string, at: number): SyntaxError {
  return new SyntaxError(`expected ${wanted} at byte ${at}`);
}

/** Any number of spaces, tabs and line ends. */
export function skipWhiteSpace(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
  }
}

/** One byte, with any white space before it. */
export function skipToken(bytes: Uint8Array, start: number, token: number): number {
  const at = skipWhiteSpace(bytes, start);
  if (bytes[at] !== token) throw unexpected(`'${String.fromCharCode(token)}'`, at);
  return at + 1;
}

/** Any number of digits, or none. */
export function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at++;
  return at;
}

/** A string without broken UTF-8 or lone surrogates. */
export function skipText(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== quote) throw unexpected("a string", start);
  for (let at = start + 1; ; ) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === undefined || byte < 0x20) throw unexpected("a well-formed string", start);
    if (byte === backslash) at = skipPairedEscape(bytes, at);
    else at = byte < 0x80 ? at + 1 : skipCharacter(bytes, at);
  }
}

/** Any value of any depth. Its strings may hold broken UTF-8 and lone surrogates, its numbers may have any size. */
export function skipValue(bytes: Uint8Array, start: number): number {
  const at = skipWhiteSpace(bytes, start);
  return isOpener(bytes[at]) ? skipNested(bytes, at) : skipScalar(bytes, at);
}

function skipNested(bytes: Uint8Array, start: number): number {
  const closers = new Closers();
  let at = start;
  do {
    at = skipWhiteSpace(bytes, at);
    const opener = bytes[at];
    if (isOpener(opener)) {
      const closer = opener + 2; // '{' and '}', '[' and ']' are two apart
      at = skipWhiteSpace(bytes, at + 1);
      if (bytes[at] === closer) at = skipClosers(bytes, at + 1, closers);
      else {
        closers.push(closer);
        if (closer === closeBrace) at = skipKey(bytes, at);
      }
    } else at = skipClosers(bytes, skipScalar(bytes, at), closers);
  } while (closers.count > 0);
  return at;
}

/** Takes the index after a value. Steps out of every array and object that ends there, and on to the next value. */
function skipClosers(bytes: Uint8Array, start: number, closers: Closers): number {
  let at = start;
  for (; closers.count > 0; closers.count--) {
    const closer = closers.last;
    at = skipWhiteSpace(bytes, at);
    if (bytes[at] === comma) return closer === closeBrace ? skipKey(bytes, at + 1) : at + 1;
    if (bytes[at] !== closer) throw unexpected("',' or an end", at);
    at++;
  }
  return at;
}

/** The closing brackets of all open arrays and objects: one byte each, since there may be a million. */
class Closers {
  count = 0;
  #bytes = new Uint8Array(64);

  get last(): number | undefined {
    return this.#bytes[this.count - 1];
  }

  push(closer: number): void {
    if (this.count === this.#bytes.length) {
      const more = new Uint8Array(this.count * 2);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes[this.count++] = closer;
  }
}

function isOpener(byte: number | undefined): byte is number {
  return byte === openBrace || byte === openBracket;
}

/** A key inside an ignored value. It may be broken text; a key of the struct itself may not. */
function skipKey(bytes: Uint8Array, start: number): number {
  const at = skipWhiteSpace(bytes, start);
  if (bytes[at] !== quote) throw unexpected("a key", at);
  return skipToken(bytes, skipString(bytes, at), colon);
}

function skipScalar(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === quote) return skipString(bytes, at);
  if (first === minus || isDigit(first)) return skipNumber(bytes, at);
  if (first === 0x74) return skipWord(bytes, at, "true");
  if (first === 0x66) return skipWord(bytes, at, "false");
  if (first === 0x6e) return skipWord(bytes, at, "null");
  throw unexpected("a value", at);
}

function skipString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; ) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === undefined || byte < 0x20) throw unexpected("a string", start);
    at = byte === backslash ? skipEscape(bytes, at) : at + 1;
  }
}

function skipNumber(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === minus ? start + 1 : start;
  let at = skipDigits(bytes, whole);
  if (at === whole || (bytes[whole] === digit0 && at > whole + 1)) throw unexpected("a number", start);
  if (bytes[at] === 0x2e) at = skipSomeDigits(bytes, at + 1);
  if (((bytes[at] ?? 0) | 0x20) !== 0x65) return at;
  const hasSign = bytes[at + 1] === minus || bytes[at + 1] === 0x2b;
  return skipSomeDigits(bytes, hasSign ? at + 2 : at + 1);
}

function skipSomeDigits(bytes: Uint8Array, start: number): number {
  const at = skipDigits(bytes, start);
  if (at === start) throw unexpected("a digit", at);
  return at;
}

function skipWord(bytes: Uint8Array, start: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word.charCodeAt(i)) throw unexpected(word, start);
  return start + word.length;
}

function skipEscape(bytes: Uint8Array, start: number): number {
  if (escapedUnit(bytes, start) < 0) throw unexpected("an escape", start);
  return start + escapeLength(bytes, start);
}

/** One escape, or both escapes of a surrogate pair. */
function skipPairedEscape(bytes: Uint8Array, start: number): number {
  const unit = escapedUnit(bytes, start);
  if (unit < 0) throw unexpected("an escape", start);
  const end = start + escapeLength(bytes, start);
  if ((unit & 0xf800) !== 0xd800) return end;
  const isPair = unit < 0xdc00 && bytes[end] === backslash && (escapedUnit(bytes, end) & ~0x3ff) === 0xdc00;
  if (!isPair) throw unexpected("a pair of surrogates", start);
  return end + escapeLength(bytes, end);
}

/** The UTF-16 code unit of the escape that starts at this backslash; negative if it is no escape. */
export function escapedUnit(bytes: Uint8Array, start: number): number {
  const kind = bytes[start + 1] ?? 0;
  if (kind !== unicodeEscape) return shortEscapes[kind] ?? none;
  // A character that is no hex digit is -1, which makes the result negative.
  return (
    (hexAt(bytes, start + 2) << 12) |
    (hexAt(bytes, start + 3) << 8) |
    (hexAt(bytes, start + 4) << 4) |
    hexAt(bytes, start + 5)
  );
}

/** Bytes of the escape that starts at this backslash. */
export function escapeLength(bytes: Uint8Array, start: number): number {
  return bytes[start + 1] === unicodeEscape ? 6 : 2;
}

function hexAt(bytes: Uint8Array, at: number): number {
  return hexDigits[bytes[at] ?? 0] ?? none;
}

/** A character of two or more bytes in UTF-8 (Unicode 16, table 3-7). */
function skipCharacter(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  const min = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const max = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const end = start + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  let isWhole = first >= 0xc2 && first <= 0xf4 && second >= min && second <= max;
  for (let at = start + 2; at < end; at++) isWhole &&= ((bytes[at] ?? 0) & 0xc0) === 0x80;
  if (!isWhole) throw unexpected("UTF-8", start);
  return end;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digit0 && byte <= 0x39;
}

const unicodeEscape = 0x75; // u
const none = -1;

/** The code unit of an escape, by the byte after its backslash. */
const shortEscapes = byByte({ '"': 0x22, "\\": 0x5c, "/": 0x2f, b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 });

/** The value of a hexadecimal digit, by its byte. */
const hexDigits = byByte(
  Object.fromEntries(Array.from("0123456789abcdefABCDEF", (digit) => [digit, Number.parseInt(digit, 16)])),
);

function byByte(values: Readonly<Record<string, number>>): Int8Array {
  const table = new Int8Array(256).fill(none);
  for (const [character, value] of Object.entries(values)) table[character.charCodeAt(0)] = value;
  return table;
}
