import { parseU64 } from "./u64.ts";

// Times as people paste them: from git, stat, date and logs. The command line, the API and the page read them here.

/** Names the forms for people. */
export const timeForms = "ISO 8601 (UTC unless it names a zone) or Unix seconds";

const zone = " ?(?:[Zz]|[Uu][Tt][Cc]|[+-]\\d\\d(?::?\\d\\d)?)?";
const extended = `\\d{4}-\\d\\d-\\d\\d(?:[Tt ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?${zone})?`;
const basic = `\\d{8}[Tt]\\d{4}(?:\\d\\d)?(?:[.,]\\d+)?${zone}`;

/** Matches these forms with white space around, by the dialect of JSON Schema too. What matches may be no time. */
export const timePattern = new RegExp(`^\\s*(?:@?\\d{1,20}(?:\\.\\d+)?|${extended}|${basic})\\s*$`);

/**
 * Takes ISO 8601, also in its basic form, with white space for the T and before the zone; or Unix seconds, also behind
 * an @. Gives Unix seconds, without a fraction. Undefined for any other text: `timeProblem` says why.
 */
export function parseTime(text: string): bigint | undefined {
  if (!timePattern.test(text)) return undefined;
  const trimmed = text.trim();
  const seconds = readSeconds(trimmed);
  if (seconds === undefined) return readIso(trimmed);
  return dateOf(trimmed) !== undefined || unitOf(seconds) !== undefined ? undefined : seconds;
}

/** Why a text is no time, for people. */
export function timeProblem(text: string): string {
  const trimmed = text.trim();
  const seconds = readSeconds(trimmed);
  const unit = unitOf(seconds ?? 0n);
  if (seconds !== undefined && unit !== undefined) return `in ${unit.name}: give seconds, ${seconds / unit.perSecond}`;
  const date = dateOf(trimmed);
  if (seconds !== undefined && date !== undefined) return `it can be read in two ways: write ${date} or @${trimmed}`;
  return isoTime.test(extend(trimmed)) ? "there is no such time since 1970" : notTime;
}

const notTime = "neither ISO 8601 nor Unix seconds, such as 2026-11-30T03:30:00+01:00 or 1796005800";

function unitOf(seconds: bigint) {
  return smallUnits.find(({ from, to }) => seconds >= from && seconds < to);
}

/** From `from` and below `to`, a number of seconds is in a year above 9999, but in the unit it is in 1978 to 2099. */
export const smallUnits = [
  smallUnit("milliseconds", 1_000n),
  smallUnit("microseconds", 1_000_000n),
  smallUnit("nanoseconds", 1_000_000_000n),
];

function smallUnit(name: string, perSecond: bigint) {
  return { name, perSecond, from: 253_402_301n * perSecond, to: 4_102_444_800n * perSecond };
}

function readSeconds(text: string): bigint | undefined {
  const digits = /^@?(\d+)(?:\.\d+)?$/.exec(text)?.[1];
  return digits === undefined ? undefined : parseU64(digits);
}

/**
 * The day or time that digits without a separator may mean, as ISO 8601. 20261130 is such a day, and a second of 1970.
 * `date +%Y%m%d%H%M%S` prints 20261130033000, a second of the year 644,019. Undefined if there is no such time.
 */
function dateOf(text: string): string | undefined {
  const [, day = "", seconds, minutes] = /^(\d{8})(?:(\d{6})\d*|(\d{4}))?(?:\.\d+)?$/.exec(text) ?? [];
  const clock = seconds ?? minutes;
  const time = extend(`${day}T${clock ?? "0000"}`);
  const date = clock === undefined ? time.slice(0, "2026-11-30".length) : time;
  return readIso(date) === undefined ? undefined : date;
}

function readIso(text: string): bigint | undefined {
  const [, day = "", clock = "00:00", sign = "+", hours = "00", minutes = "00"] = isoTime.exec(extend(text)) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Engines read 30 February as 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(`${day}T${clock}${sign}${hours}:${minutes}`);
  return Number.isNaN(ms) || ms < 0 ? undefined : BigInt(ms / 1_000);
}

/** The basic form as the extended one: 20261130T0330 as 2026-11-30T03:30. */
function extend(text: string): string {
  return text.replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?/i,
    (_, year, month, day, hour, minute, second = "00") => `${year}-${month}-${day}T${hour}:${minute}:${second}`,
  );
}

/** A day; then a time, whose fraction is ignored; then a zone. */
const isoTime =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)[.,]\d+)? ?(?:Z|UTC|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;
