import { relativeTime } from "../relative-time.ts";

const refreshMs = 5_000;

/** Updates texts such as "5 minutes ago". */
export function keepTimes(): void {
  setInterval(() => {
    const now = Math.floor(Date.now() / 1000);
    for (const time of document.querySelectorAll<HTMLElement>("time[data-relative]")) {
      const text = relativeTime(Number(time.dataset.relative), now);
      if (time.textContent !== text) time.textContent = text;
    }
  }, refreshMs);
}
