/** 1234567 as "1,234,567". */
export function groupDigits(count: number | bigint): string {
  return count.toLocaleString("en-US");
}

/** "1 block", "1,000 blocks". */
export function countOf(count: number | bigint, noun: string): string {
  return `${groupDigits(count)} ${noun}${Number(count) === 1 ? "" : "s"}`;
}
