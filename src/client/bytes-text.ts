import { parseHex } from "../core/hex.ts";

/** Matches what `parseBytes` takes, for clients. Here it is not used: it takes a quarter of a second for a megabyte. */
export const bytesPattern =
  "^(?:0x(?:[0-9A-Fa-f]{2})*|" +
  "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?)$";

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
