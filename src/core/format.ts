import { decodePrintable } from "./printable.ts";

/** 1234567 as "1,234,567". */
export function formatNumber(value: bigint | number): string {
  return value.toLocaleString("en-US");
}

export function formatSize(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${formatNumber(bytes)} bytes`;
}

/** The start and the end of what is too long for a line. */
export function shorten(text: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 8)}…${text.slice(-8)}`;
}

/** A time in Unix seconds for people and for machines; undefined beyond what dates can say. */
export function formatTime(seconds: bigint): { readonly text: string; readonly iso: string } | undefined {
  if (seconds > maxDateSeconds) return undefined;
  const date = new Date(Number(seconds) * 1000);
  return { text: `${dateAndTime.format(date)} UTC`, iso: date.toISOString().replace(".000", "") };
}

/** The greatest time of a `Date` (ECMAScript 21.4.1.1). */
const maxDateSeconds = 8_640_000_000_000n;

const dateAndTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** A block's data, or its beginning, as a page shows it. */
export interface ShownData {
  readonly kind: "text" | "hex";
  readonly text: string;
  /** Of the data, how many bytes are not shown. */
  readonly hiddenBytes: number;
}

/** Text where the first `maxBytes` are printable UTF-8, else hex; so is white space, of which nobody would see anything. */
export function showData(data: Uint8Array, maxBytes: number): ShownData {
  const shown = data.subarray(0, maxBytes);
  const hiddenBytes = data.length - shown.length;
  const text = decodePrintable(shown, hiddenBytes > 0);
  return text === undefined || (text !== "" && text.trim() === "")
    ? { kind: "hex", text: `0x${shown.toHex()}`, hiddenBytes }
    : { kind: "text", text, hiddenBytes };
}
