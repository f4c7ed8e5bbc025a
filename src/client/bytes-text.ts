import { parseHex } from "../core/hex.ts";

/** Takes bytes as the API has them: base64 (RFC 4648 §4: padded, canonical), or `0x` and hex. Undefined for others. */
export function parseBytes(text: string): Uint8Array | undefined {
  return parseHex(text) ?? parseBase64(text);
}

/** Refuses white space, which `fromBase64` would skip. */
function parseBase64(text: string): Uint8Array | undefined {
  try {
    return /\s/.test(text) ? undefined : Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
