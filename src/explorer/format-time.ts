import { dateOf, formatIsoTime } from "../core/format.ts";

/** Unix seconds in words (UTC), for people, and in ISO 8601, for machines; undefined for a time later than any date. */
export function formatTime(seconds: bigint): { readonly text: string; readonly iso: string } | undefined {
  const date = dateOf(seconds);
  return date && { text: `${dateAndTime.format(date)} UTC`, iso: formatIsoTime(seconds) };
}

const dateAndTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
