/** Adds the visitor's own time to each time on the page, which is in UTC: beside it, or in lists as a hint. */
export function addLocalTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll("time")) {
    const local = localTime(time.dateTime);
    if (local === undefined) continue;
    if (time.classList.contains("local")) time.append(` = ${local}`);
    else time.title = local;
  }
}

/** Takes ISO 8601, and gives such as "2026-12-01 07:45:30 Asia/Tokyo". Undefined for no date, and where it is UTC. */
export function localTime(iso: string): string | undefined {
  const date = new Date(iso);
  const { timeZone } = local.resolvedOptions();
  return timeZone === "UTC" || Number.isNaN(date.getTime()) ? undefined : `${local.format(date)} ${timeZone}`;
}

/** Swedes write dates as ISO 8601 does. */
const local = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
