/**
 * Control characters, invisible characters and characters that change the direction of text (Unicode category C). Line
 * ends, tabs and the joiners inside words and emoji are printable. A terminal obeys control characters: text from
 * others could change its title, or earlier output.
 */
const unprintable = /\r(?!\n)|[^\P{C}\n\r\t\u200c\u200d]/u;
const everyUnprintable = new RegExp(unprintable, "gu");

/** Whether a terminal shows every character of a text, and obeys none. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** Replaces each unprintable character with its escape, which a terminal shows: "\u001b" becomes six characters. */
export function escapeUnprintable(text: string): string {
  return text.replace(everyUnprintable, escapeCharacter);
}

/** The same for JSON, whose meaning stays. */
export function escapeJson(json: string): string {
  return json.replace(everyUnprintable, (character) => character.split("").map(escapeCharacter).join(""));
}

/** Like `escapeUnprintable`, but also escapes line ends and tabs, so that text from others is no line of ours. */
export function escapeLine(text: string): string {
  return escapeUnprintable(text.replace(/[\r\n\t]/g, escapeCharacter));
}

/** Whether a text is printable, and on one line. */
export function isLine(text: string): boolean {
  return escapeLine(text) === text;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Decodes UTF-8. Undefined if it is broken or not printable. With `isCut`, the last character may be incomplete. */
export function decodePrintable(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    return isPrintable(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
