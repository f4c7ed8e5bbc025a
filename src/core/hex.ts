// Regular expressions would take a quarter of a second for a megabyte.

/** Takes `0x` and an even number of hex digits, also none. Undefined for any other text. */
export function parseHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return text.startsWith("0x") ? Uint8Array.fromHex(text.slice(2)) : undefined;
  } catch {
    return undefined;
  }
}
