import { decodePrintable } from "./printable.ts";

// How the commands and the page write numbers, times and data for people.

/** 1234567 as "1,234,567". */
export function formatNumber(value: bigint | number): string {
  return value.toLocaleString("en-US");
}

/** "1 block", "1,000 blocks". Takes the noun in the singular; its plural must end in s. */
export function countOf(count: bigint | number, noun: string): string {
  return `${formatNumber(count)} ${noun}${Number(count) === 1 ? "" : "s"}`;
}

/** "a", "a and b", "a, b and c". */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** "1 byte", "1,000 bytes". */
export function formatSize(bytes: bigint | number): string {
  return countOf(bytes, "byte");
}

/** Keeps the start and the end of a text of over 20 characters. */
export function shorten(text: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 8)}…${text.slice(-8)}`;
}

/** Takes Unix seconds. Gives ISO 8601, or "… s after 1970" or "… s before 1970" for a time beyond any `Date`. */
export function formatIsoTime(seconds: bigint): string {
  const iso = dateOf(seconds)?.toISOString().replace(".000", "");
  return iso ?? (seconds < 0n ? `${-seconds} s before 1970` : `${seconds} s after 1970`);
}

/** Takes Unix seconds. Undefined for a time beyond any `Date`. */
export function dateOf(seconds: bigint): Date | undefined {
  const isDate = seconds >= -maxDateSeconds && seconds <= maxDateSeconds;
  return isDate ? new Date(Number(seconds) * 1_000) : undefined;
}

/** The latest time of a `Date`; the earliest is as long before 1970 (ECMAScript 2025, 21.4.1.1). */
const maxDateSeconds = 8_640_000_000_000n;

/** A block's data, or its beginning, as shown to people. */
export interface ShownData {
  readonly kind: "text" | "hex";
  /** The text, or "0x" and hex digits. */
  readonly text: string;
  /** Bytes of the data that are not shown. */
  readonly hiddenBytes: number;
}

/**
 * Shows the first `maxBytes` of data: as text if they are printable UTF-8, else as hex. White space alone is shown as
 * hex, since nobody would see it.
 */
export function showData(data: Uint8Array, maxBytes: number): ShownData {
  const shown = data.subarray(0, maxBytes);
  const hiddenBytes = data.length - shown.length;
  const text = decodePrintable(shown, hiddenBytes > 0);
  return text === undefined || (text !== "" && text.trim() === "")
    ? { kind: "hex", text: `0x${shown.toHex()}`, hiddenBytes }
    : { kind: "text", text, hiddenBytes };
}
