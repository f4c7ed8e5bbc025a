// Bytes as the API has them in text. Regular expressions would take a quarter of a second for a megabyte.

/** Takes base64 (RFC 4648 §4: padded, canonical) or, behind `0x`, hex. Undefined for any other text. */
export function parseBytes(text: string): Uint8Array | undefined {
  return parseHex(text) ?? parseBase64(text);
}

/** Takes `0x` and an even number of hex digits. Undefined for any other text. */
export function parseHex(text: string): Uint8Array | undefined {
  try {
    return text.startsWith("0x") ? Uint8Array.fromHex(text.slice(2)) : undefined;
  } catch {
    return undefined;
  }
}

/** Refuses white space, which `fromBase64` would skip. */
function parseBase64(text: string): Uint8Array | undefined {
  try {
    return /\s/.test(text) ? undefined : Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
