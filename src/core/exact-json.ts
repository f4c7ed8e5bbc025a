declare global {
  interface JSON {
    /** Gives a value that `stringify` writes as this text (ECMAScript 2027, JSON.parse source text access). */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** A value that `JSON.stringify` writes with all its digits. A browser without `rawJSON` rounds it to a double. */
function exactNumber(value: bigint): object | number {
  return JSON.rawJSON?.(value.toString()) ?? Number(value);
}

/** Like `JSON.stringify`, but writes bigints as numbers with all their digits. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? exactNumber(part) : part));
}

/** Whether a value of JSON is an object, and no array. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether a JSON text has more than `max` of the characters `,` `:` `[` and `{`, also inside strings. If not, it has
 * hardly more values than that. Call this before parsing, which takes memory and time for each value.
 */
export function hasMoreValues(text: string, max: number): boolean {
  if (text.length <= max) return false;
  let left = max;
  for (const character of ",:[{") {
    for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
      if (--left < 0) return true;
    }
  }
  return false;
}

/** Like `JSON.parse`, but reads each number by `readNumber`: whole numbers become bigints. */
export function parseExactJson(text: string): unknown {
  return parseJson(text, readNumber);
}

/**
 * Reads a JSON number: a whole one of up to 20 digits becomes a bigint, however it is written (1, 1.0 and 1e0 are the
 * same, as in JSON Schema). Any other becomes the nearest double.
 */
export function readNumber(literal: string): bigint | number {
  if (shortInteger.test(literal)) return BigInt(literal);
  return readWhole(literal) ?? Number(literal);
}

/** Reads a number with a fraction or an exponent exactly. Undefined if it is not whole, or has over 20 digits. */
function readWhole(literal: string): bigint | undefined {
  const [, sign = "", integer = "", fraction = "", exponent = "0"] = shortDecimal.exec(literal) ?? [];
  const digits = (integer + fraction).replace(/0+$/, "");
  if (integer === "") return undefined;
  if (digits === "") return 0n;
  const zeros = Number(exponent) + integer.length - digits.length;
  const isWhole = zeros >= 0 && digits.length + zeros <= maxWholeDigits;
  return isWhole ? BigInt(sign + digits + "0".repeat(zeros)) : undefined;
}

/** A sign, digits, a fraction and an exponent. Nobody writes a whole number with more digits than this allows. */
const shortDecimal = /^(-?)(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([-+]?\d{1,3}))?$/;
/** Room for every u64. */
const maxWholeDigits = 20;

/**
 * Like `JSON.parse`, but a number that `JSON.stringify` would write differently (1.0, or one of many digits) becomes
 * raw JSON, so that `JSON.stringify` writes it unchanged.
 */
export function parseVerbatimJson(text: string): unknown {
  if (!mayHaveOddNumber.test(text)) return JSON.parse(text);
  return parseJson(text, (literal) => {
    const value = Number(literal);
    return String(value) === literal ? value : JSON.rawJSON(literal);
  });
}

/** Finds a sign, a fraction, an exponent, or more digits than a double always keeps; also inside strings. */
const mayHaveOddNumber = /-|\d[.eE]|\d{16}/;

/**
 * Like `JSON.parse`, but `read` reads the text of each number. It uses no reviver: that is called for values of every
 * kind, and recurses.
 */
function parseJson(text: string, read: (literal: string) => unknown): unknown {
  const { numbers, indexed } = takeNumbers(text, read);
  if (numbers.every((value) => typeof value === "number")) return JSON.parse(text);
  return putNumbers(JSON.parse(indexed), numbers);
}

/**
 * Gives the numbers of a JSON text in order, and the text with each number replaced by its index. Malformed numbers
 * stay, so that the new text is JSON exactly when the old one is. Throws a `SyntaxError` if there are more numbers than
 * places for one, since a text without separators could have millions.
 */
function takeNumbers(text: string, read: (literal: string) => unknown) {
  const numbers: unknown[] = [];
  let indexed = "";
  let taken = 0;
  let places = 1;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === minus || isDigit(code)) {
      const end = endOfNumber(text, at);
      const literal = text.slice(at, end);
      if (number.test(literal)) {
        indexed += text.slice(taken, at) + numbers.length;
        numbers.push(read(literal));
        taken = end;
        if (numbers.length > places) throw new SyntaxError("JSON Parse error: a number where none can be");
      }
      at = end;
    } else {
      places += placesBehind(code);
      at++;
    }
  }
  return { numbers, indexed: indexed + text.slice(taken) };
}

/** How many numbers may follow directly after this character. */
function placesBehind(code: number): 0 | 1 {
  return code === comma || code === colon || code === openBracket ? 1 : 0;
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
/** 20 digits are enough for every u64. Reading a megabyte of digits would take a tenth of a second. */
const shortInteger = /^-?\d{1,20}$/;

/** The index after the closing quote of the string that starts at `start`; the text's length if it has none. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let from = end;
    while (text.charCodeAt(from - 1) === backslash) from--;
    if ((end - from) % 2 === 0) return end + 1;
  }
  return text.length;
}

/** The index after all characters that can belong to a number. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  for (;;) {
    const code = text.charCodeAt(end);
    if (!isDigit(code) && code !== point && code !== minus && code !== plus && (code | 0x20) !== exponent) return end;
    end++;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const quote = 0x22;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const exponent = 0x65;

/** Replaces each index in a parsed value with its number, in place. No recursion, since a value may have any depth. */
function putNumbers(value: unknown, numbers: readonly unknown[]): unknown {
  const root = [value];
  const open: (unknown[] | Record<string, unknown>)[] = [root];
  const put = (member: unknown) => {
    if (typeof member === "number") return numbers[member];
    if (typeof member === "object" && member !== null) open.push(member as Record<string, unknown>);
    return member;
  };
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    if (Array.isArray(container)) for (let i = 0; i < container.length; i++) container[i] = put(container[i]);
    else for (const key of Object.keys(container)) container[key] = put(container[key]);
  }
  return root[0];
}
