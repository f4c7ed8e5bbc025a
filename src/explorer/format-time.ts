import { dateOf, formatIsoTime } from "../core/format.ts";

/** Unix seconds in UTC: for people, and in ISO 8601 for machines; undefined for a time later than any date. */
export function formatTime(seconds: bigint): { readonly text: string; readonly iso: string } | undefined {
  const iso = formatIsoTime(seconds);
  return dateOf(seconds) && { text: iso.replace("T", " ").replace("Z", " UTC"), iso };
}
