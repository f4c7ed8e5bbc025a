import { parseU64 } from "../../core/u64.ts";

/** Reads ISO 8601 (UTC unless it names a zone) or Unix seconds. Gives Unix seconds; undefined if it is not a time. */
export function parseTime(text: string): bigint | undefined {
  if (/^\d+$/.test(text)) return parseU64(text);
  const [, day = "", clock = "", zone = "Z"] = isoTime.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Engines read 30 February as 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(`${day}T${clock || "00:00"}${zone.toUpperCase()}`);
  return Number.isNaN(ms) || ms < 0 ? undefined : BigInt(Math.floor(ms / 1_000));
}

const isoTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;
