import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { formatExactJson, hasMoreValues, parseExactJson, parseVerbatimJson } from "../../src/core/exact-json.ts";
import suite from "./json-suite.json" with { type: "json" };

describe("exact JSON", () => {
  test.each([
    [0n, "0"],
    [2n ** 53n + 1n, "9007199254740993"],
    [2n ** 64n - 1n, "18446744073709551615"],
    [-1n, "-1"],
  ])("writes %p with all its digits", (value, text) => {
    expect(formatExactJson(value)).toBe(text);
    expect(formatExactJson({ height: value, of: [value] })).toBe(`{"height":${text},"of":[${text}]}`);
  });

  test("leaves out what is undefined and keeps the order", () => {
    expect(formatExactJson({ b: 1n, a: undefined, c: "é\n" })).toBe('{"b":1,"c":"é\\n"}');
  });

  test("is JSON.stringify for everything without big integers", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(formatExactJson(value)).toBe(JSON.stringify(value))));
  });
});

type Parse = (text: string) => unknown;

/** What a reviver makes of each number by its text, which ECMAScript 2027 gives it. */
function parseWithReviver(text: string, read: (source: string) => unknown): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" ? read(context?.source ?? "") : value,
  );
}

/** Whole numbers of up to 20 digits are bigints, found by dividing exactly; a text that is very long is not looked at. */
const exact: Parse = (text) => parseWithReviver(text, (source) => wholeOf(source) ?? Number(source));

function wholeOf(source: string): bigint | undefined {
  const [, sign, integer, fraction = "", exponent = "0"] =
    /^(-?)(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([-+]?\d{1,3}))?$/.exec(source) ?? [];
  if (integer === undefined) return undefined;
  const power = Number(exponent) - fraction.length;
  const numerator = BigInt(integer + fraction) * 10n ** BigInt(Math.max(power, 0));
  const denominator = 10n ** BigInt(Math.max(-power, 0));
  const value = numerator / denominator;
  if (numerator % denominator !== 0n || value >= 10n ** 20n) return undefined;
  return sign === "-" ? -value : value;
}
const verbatim: Parse = (text) =>
  parseWithReviver(text, (source) => (String(Number(source)) === source ? Number(source) : JSON.rawJSON(source)));

/** A value, or that there is none. Raw JSON is compared by its text. */
function outcome(parse: Parse, text: string): unknown {
  try {
    return Bun.inspect(markRaw(parse(text)), { depth: 100 });
  } catch (error) {
    return (error as Error).name;
  }
}

function markRaw(value: unknown): unknown {
  if (JSON.isRawJSON(value)) return `raw ${JSON.stringify(value)}`;
  if (Array.isArray(value)) return value.map(markRaw);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, member]) => [key, markRaw(member)]);
}

const digits = fc.array(fc.constantFrom(..."0123456789"), { minLength: 1, maxLength: 25 }).map((all) => all.join(""));
const literal = fc.oneof(
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  digits.map((all) => `-${all}`),
  fc.tuple(digits, fc.constantFrom(".", "e", "E-", "E+", "e400"), digits).map((parts) => parts.join("")),
  fc.constantFrom("-0", "1.0", "1e3", "01", "1.", "-", "+1", ".5", "1-2", "--1", "1e", "0x1", "Infinity"),
);
const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "0", "1", 'a"b', "\\"));
const { document } = fc.letrec<{ document: string; list: string; object: string }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4 },
    literal,
    fc.constantFrom("true", "false", "null", "e", "1true", "true1"),
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\\\"', '"\\""', '"1,2"', '"\\u00221"', '"\\'),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("document"), { maxLength: 5 }).map((members) => `[ ${members.join(" ,")}]`),
  object: fc
    .array(
      fc.tuple(
        fc.oneof(
          key.map((name) => JSON.stringify(name)),
          literal,
        ),
        tie("document"),
      ),
      { maxLength: 5 },
    )
    .map((members) => `{${members.map(([name, member]) => `${name} :\t${member}`).join()}}`),
}));

describe.each([
  ["parseExactJson", parseExactJson, exact],
  ["parseVerbatimJson", parseVerbatimJson, verbatim],
] as const)("%s", (_name, parse, expected) => {
  test("is JSON.parse with a reviver, of any document", () => {
    fc.assert(
      fc.property(document, (text) => expect(outcome(parse, text)).toBe(outcome(expected, text))),
      { numRuns: 2_000 },
    );
  });

  test("is JSON.parse with a reviver, of any text", () => {
    const text = fc.array(fc.constantFrom(...'01.-+eE"\\,:[]{} atrue')).map((all) => all.join(""));
    fc.assert(
      fc.property(text, (any) => expect(outcome(parse, any)).toBe(outcome(expected, any))),
      { numRuns: 2_000 },
    );
  });

  test.each([...suite.good, ...suite.goodForSerde, ...suite.bad])("is JSON.parse with a reviver, of %j", (text) => {
    for (const one of [text, `[1.0,${text},2]`, `{"1":${text},"2":10}`]) {
      expect(outcome(parse, one)).toBe(outcome(expected, one));
    }
  });

  test("reads as many levels as JSON.parse, and as many quotes in a string", () => {
    const levels = 1_000_000;
    let inner = parse(`${"[".repeat(levels)}1.0,1${"]".repeat(levels)}`);
    for (let i = 1; i < levels; i++) [inner] = inner as [unknown];
    expect((inner as unknown[]).length).toBe(2);
    const quotes = '"\\'.repeat(1_000_000);
    expect(parse(`[1,1.0,${JSON.stringify(quotes)}]`)).toHaveProperty("2", quotes);
  });

  test("a number of millions of digits is not read as an integer", () => {
    const [one] = parse(`[${"9".repeat(4_000_000)}]`) as [unknown];
    expect(typeof one).not.toBe("bigint");
  });
});

test("integers of more than 20 digits, and what is not whole, are numbers", () => {
  expect(parseExactJson("[99999999999999999999,100000000000000000000,-1,-0,1.0,1e3,9007199254740993.0,1.5]")).toEqual([
    99_999_999_999_999_999_999n,
    1e20,
    -1n,
    0n,
    1n,
    1_000n,
    2n ** 53n + 1n,
    1.5,
  ]);
});

describe("hasMoreValues", () => {
  test.each([
    ["", 0],
    ["1", 0],
    ["[", 1],
    ['{"a":[1,2]}', 4],
    ['",:[{"', 4],
  ])("%p has %p of the characters that part values", (text, count) => {
    expect(hasMoreValues(text, count)).toBe(false);
    if (count > 0) expect(hasMoreValues(text, count - 1)).toBe(true);
  });

  test("takes any number as the maximum", () => {
    expect([hasMoreValues("[,", 1.5), hasMoreValues("[,", 2.5), hasMoreValues("[", -1)]).toEqual([true, false, true]);
  });

  test("counts the same as a simple loop, in any text", () => {
    const text = fc.array(fc.constantFrom(...',:[{]}"a')).map((all) => all.join(""));
    fc.assert(
      fc.property(text, fc.nat(20), (any, max) =>
        expect(hasMoreValues(any, max)).toBe([...any].filter((character) => ",:[{".includes(character)).length > max),
      ),
    );
  });
});

test.each(["[-1 1 1 1]", "[1.0 1.0]", "1 1", "-1 -1", "[1,1 1]", '{"a":1 1}'])(
  "a text with more numbers than places for them is refused before the rest is read: %s",
  (text) => {
    const { isSafeInteger } = Number;
    using read = Object.assign(spyOn(globalThis, "Number"), { isSafeInteger });
    const endless = text.replace("]", `${" 1.0".repeat(1_000)}]`);
    expect(() => parseVerbatimJson(endless)).toThrow(SyntaxError);
    expect(() => parseExactJson(endless)).toThrow(SyntaxError);
    expect(read.mock.calls.length).toBeLessThan(10);
  },
);
