/** The greatest u64. Heights and timestamps (Unix seconds) are unsigned 64-bit integers. */
export const maxU64 = 2n ** 64n - 1n;

/** Decimal digits of `maxU64`. Longer text is not parsed: a megabyte of digits takes a tenth of a second. */
export const maxU64Digits = 20;

/** Reads decimal digits only: no sign, no spaces. Undefined for any other text, and above `maxU64`. */
export function parseU64(text: string): bigint | undefined {
  if (text.length > maxU64Digits || !/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= maxU64 ? value : undefined;
}
