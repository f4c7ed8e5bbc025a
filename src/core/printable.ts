/**
 * Control characters, invisible ones and those that turn the direction of what follows (Unicode category C), save line
 * ends, tabs, and the joiners that words and emoji are made with. A terminal obeys some of them: what comes from others
 * could change its title, or what was printed before.
 */
const unprintable = /\r(?!\n)|[^\P{C}\n\r\t\u200c\u200d]/u;
const everyUnprintable = new RegExp(unprintable, "gu");

export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** Text that a terminal only shows: "\u001b" is six characters then. */
export function escapeUnprintable(text: string): string {
  return text.replace(everyUnprintable, escapeCharacter);
}

/** The same in one line, which cannot pass for more of ours: "\n" is escaped as well. */
export function escapeLine(text: string): string {
  return escapeUnprintable(text.replace(/[\r\n\t]/g, escapeCharacter));
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

/** The text of bytes in UTF-8 that is printable; else undefined. `isCut`: the last character may end in the middle. */
export function decodePrintable(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    return isPrintable(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
