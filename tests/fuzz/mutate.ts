import type { Random } from "./random.ts";

/** Some bytes near `bytes`: one to four changes. `other` lends pieces. */
export function mutate(random: Random, bytes: Uint8Array, other: Uint8Array = bytes): Uint8Array {
  let mutated = bytes;
  for (let i = random.pick([1, 1, 2, 4]); i > 0; i--) mutated = change(random, mutated, other);
  return mutated;
}

function change(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.pick([1, 1, 2, 4, random.below(bytes.length + 1)]));
  const before = bytes.subarray(0, at);
  const cut = bytes.subarray(at, end);
  const behind = bytes.subarray(end);
  const from = random.below(other.length + 1);
  const piece = other.subarray(from, from + random.below(40));
  return random.pick([
    () => Buffer.concat([before, Buffer.from(random.pick(tokens), "latin1"), bytes.subarray(at)]),
    () => Buffer.concat([before, Buffer.from(random.pick(tokens), "latin1"), behind]),
    () => Buffer.concat([before, behind]),
    () => Buffer.concat([before, cut, cut, behind]),
    () => Buffer.concat([before, ...random.many(random.below(300), () => cut.subarray(0, 8)), behind]),
    () => Buffer.concat([before, piece, behind]),
    () => Buffer.concat([before, random.bytes(random.below(4)), behind]),
    () => Buffer.concat([before, cut.map((byte) => byte ^ (1 << random.below(8))), behind]),
    () => Buffer.concat([before, cut.toReversed(), behind]),
    () => before,
  ])();
}

/** What means something to a reader of JSON, numbers, ids or hex. */
const tokens = [
  ...["{", "}", "[", "]", ":", ",", '"', '""', "\\", "\\u", "\\u0000", "\\ud83d", "\\ude00", '\\"', "\\\\", "\\/"],
  ...[" ", "\t", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1f", "\x7f", "\xff", "\xc2\x85", "\xc2\xa0", "\xef\xbb\xbf"],
  ...["0", "1", "9", "-", "+", ".", "e", "E", "00", "1e1", "18446744073709551615", "18446744073709551616", "0x", "0X"],
  ...["null", "true", "false", "nul", "x", "a", "F", "g", "'", "/", "//", "/**/", "l", "O", "z", "LpoYY"],
  ...['"parent_id":', '"height":', '"timestamp":', '"data":', '"height"', '{"', '"}', "[]", "{}", "[[", "]]"],
];
