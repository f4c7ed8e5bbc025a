/** How long ago a time is, in words; times and their difference in Unix seconds. */
export function relativeTime(seconds: number, now: number): string {
  const difference = seconds - now;
  const distance = Math.abs(difference);
  if (distance < 2) return "just now";
  const [unit, inSeconds] = units.find(([, inSeconds]) => distance >= inSeconds) ?? ["second", 1];
  return words.format(Math.trunc(difference / inSeconds), unit);
}

const units = [
  ["year", 31_556_952],
  ["month", 2_629_746],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

const words = new Intl.RelativeTimeFormat("en");
