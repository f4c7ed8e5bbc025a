import type { Random } from "./random.ts";

// Pieces of JSON, good and broken by the rules of serde. One character is one byte.

/** Mostly none. */
export function whiteSpace(random: Random): string {
  return random.oneIn(8) ? random.many(random.below(5), () => random.pick([" ", "\t", "\n", "\r"])).join("") : "";
}

/** A JSON string that stands for `text`, its characters written in one of the ways there are. */
export function quote(random: Random, text: string): string {
  const escapeOneIn = random.pick([2, 10, 1_000]);
  const written = Array.from(text, (character) => {
    if (random.oneIn(escapeOneIn)) return unicodeEscapes(random, character);
    if (shortEscapes.has(character)) {
      if (random.oneIn(2) && character !== "/") return unicodeEscapes(random, character);
      return character === "/" && random.oneIn(2) ? "/" : `\\${shortEscapes.get(character)}`;
    }
    return character < " " ? unicodeEscapes(random, character) : utf8(character);
  });
  return `"${written.join("")}"`;
}

/** A JSON value that serde skips: what strings hold matters to nobody, and a number needs the grammar only. */
export function someJson(random: Random, depth = 3): string {
  const deeper = () => `${whiteSpace(random)}${someJson(random, depth - 1)}${whiteSpace(random)}`;
  const kinds = [
    () => random.pick(["null", "true", "false"]),
    () => someNumber(random),
    () => skippedString(random),
    () => `[${random.many(random.below(3), deeper).join(",")}]`,
    () => `{${random.many(random.below(3), () => `${skippedString(random)}:${deeper()}`).join(",")}}`,
    () => `${"[".repeat(300)}${"]".repeat(300)}`,
  ];
  return kinds[random.oneIn(50) ? 5 : random.below(depth > 0 ? 5 : 3)]?.() ?? "null";
}

export function brokenJson(random: Random): string {
  const number = someNumber(random);
  return random.pick([
    () =>
      random.pick(["", "nul", "nulll", "True", "undefined", "NaN", "-", "+1", ".5", "5.", "-.5", "1e", "1e+", "--1"]),
    () => random.pick(["01", "-01", "00", "0x1", "1.e1", "1.5.2", "1e1.5", "1e1e1", "Infinity", "-Infinity", "1_0"]),
    () => `${number}${random.pick(["x", ".", "e", "-", "\x00", '"', "0x", " 0"])}`,
    () => brokenString(random, true),
    () => `[${someJson(random)}`,
    () => `[${someJson(random)},]`,
    () => `[,${someJson(random)}]`,
    () => `[${someJson(random)} ${someJson(random)}]`,
    () => `[${someJson(random)}}`,
    () => `{${skippedString(random)}}`,
    () => `{${skippedString(random)}:}`,
    () => `{${skippedString(random)}:1,}`,
    () => `{${skippedString(random)}:1]`,
    () => `{${skippedString(random)} 1}`,
    () => random.pick(["{1:1}", '{x":1}', '{":1}', "{a:1}", "nulk", "trux", "falsy"]),
    () => `{${brokenString(random, true)}:1}`,
    () => `${"[".repeat(300)}${"]".repeat(299)}`,
  ])();
}

/** A string that is refused; `skipped` is one that would be skipped and may hold broken text. */
export function brokenString(random: Random, skipped = false): string {
  const syntax = [
    "\\x",
    "\\",
    "\\u12",
    "\\u12g4",
    "\\u123g",
    "\\u",
    "\n",
    "\t",
    "\x00",
    "\x1f",
    "\\U0041",
    "\\'",
    "\\0",
  ];
  return `"${random.pick(["", "a", "\\\\"])}${random.pick(skipped ? syntax : [...syntax, ...brokenText])}"`;
}

function skippedString(random: Random): string {
  const known = () => quote(random, random.pick(["", "height", "\u00e9\ud83d\ude00", '\x00\\"/', "\x7f"]));
  return random.oneIn(3) ? `"${random.pick(brokenText)}"` : known();
}

/** Broken UTF-8 and lone surrogates. */
const brokenText = [
  ...["\xff", "\x80", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98", "\xf8\x88"],
  ...["\\ud800", "\\udc00", "\\ud800\\ud800", "\\udc00\\ud800", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0041"],
];

function someNumber(random: Random): string {
  const whole = random.pick(["0", "1", "10", "9".repeat(25), `${random.u64()}`]);
  const fraction = random.oneIn(3) ? `.${random.pick(["0", "00", "5", "123"])}` : "";
  const exponent = random.oneIn(3)
    ? `${random.pick(["e", "E"])}${random.pick(["", "+", "-"])}${random.below(400)}`
    : "";
  return `${random.oneIn(3) ? "-" : ""}${whole}${fraction}${exponent}`;
}

const shortEscapes = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["\b", "b"],
  ["\f", "f"],
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
]);

function unicodeEscapes(random: Random, character: string): string {
  return character
    .split("")
    .map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"))
    .map((digits) => `\\u${random.oneIn(2) ? digits.toUpperCase() : digits}`)
    .join("");
}

function utf8(character: string): string {
  return character < "\x80" ? character : String.fromCharCode(...encoder.encode(character));
}

const encoder = new TextEncoder();
