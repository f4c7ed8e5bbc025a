/** Heights and timestamps (Unix seconds) are unsigned integers of 64 bits; this is the greatest. */
export const maxU64 = 2n ** 64n - 1n;

/** Decimal digits of `maxU64`. Text that is longer is not parsed: a megabyte of digits takes a tenth of a second. */
export const maxU64Digits = 20;

/** Reads decimal digits and nothing else: no sign, no spaces. Undefined for what is not a u64. */
export function parseU64(text: string): bigint | undefined {
  if (text.length > maxU64Digits || !/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= maxU64 ? value : undefined;
}
