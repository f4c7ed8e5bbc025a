import { readFileSync } from "node:fs";

// The runtime puts U+FFFD in the place of bytes that are not UTF-8, which makes different arguments the same. Here,
// each such byte becomes a lone surrogate, U+DC80 to U+DCFF, as in Python (PEP 383). No text in UTF-8 has one, so that
// an argument is well-formed (`isWellFormed`) exactly if it was UTF-8.

/** The arguments as they were given, for those that the runtime gives. `readWords` gives the words that end in them. */
export function exactArguments(args: readonly string[], readWords = readCommandLine): readonly string[] {
  if (!args.some((arg) => arg.includes(replacement))) return args;
  const given = readWords().slice(-args.length);
  return args.map((arg, i) => (arg.includes(replacement) ? exactArgument(arg, given[i]) : arg));
}

const replacement = "\ufffd";
/** What stands for bytes that are not known. */
const unknownBytes = "\ud800";

/** U+FFFD that was really given stays. Where the system does not say what was given, nobody can know. */
function exactArgument(arg: string, given: Buffer | undefined): string {
  const isKnown = given?.toString() === arg;
  return isKnown ? escapeBytes(given) : arg.replaceAll(replacement, unknownBytes);
}

/** The words of the command line, the program's first. Empty where there is no Linux to ask (proc_pid_cmdline(5)). */
function readCommandLine(): readonly Buffer[] {
  try {
    const words = readFileSync("/proc/self/cmdline", "latin1").split("\0").slice(0, -1);
    return words.map((word) => Buffer.from(word, "latin1"));
  } catch {
    return [];
  }
}

function escapeBytes(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(sequences, (found) =>
      found.length > 1 ? Buffer.from(found, "latin1").toString() : String.fromCharCode(0xdc00 + found.charCodeAt(0)),
    );
}

/** Characters of more than one byte (RFC 3629, 4), and bytes that belong to none. */
const sequences = new RegExp(
  [
    /[\xc2-\xdf][\x80-\xbf]/,
    /\xe0[\xa0-\xbf][\x80-\xbf]/,
    /[\xe1-\xec\xee\xef][\x80-\xbf]{2}/,
    /\xed[\x80-\x9f][\x80-\xbf]/,
    /\xf0[\x90-\xbf][\x80-\xbf]{2}/,
    /[\xf1-\xf3][\x80-\xbf]{3}/,
    /\xf4[\x80-\x8f][\x80-\xbf]{2}/,
    /[\x80-\xff]/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/** The bytes of an exact argument; undefined if they are not known. */
export function bytesOfArgument(arg: string): Buffer | undefined {
  const parts = arg.split(/([\udc80-\udcff])/u);
  if (!parts.every((part, i) => isEscape(i) || part.isWellFormed())) return undefined;
  return Buffer.concat(
    parts.map((part, i) => (isEscape(i) ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part))),
  );
}

/** `split` gives what it found between the other parts. */
function isEscape(index: number): boolean {
  return index % 2 === 1;
}

/** An exact argument for people: a byte that is not UTF-8 is written as in a shell, `\xe9`. */
export function showArgument(arg: string): string {
  return arg
    .replace(/[\udc80-\udcff]/gu, (byte) => `\\x${(byte.charCodeAt(0) & 0xff).toString(16)}`)
    .replaceAll(unknownBytes, replacement);
}
