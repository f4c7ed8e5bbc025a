import { readFileSync } from "node:fs";
import type { Plugin } from "../../support/plugin.ts";

/** Memory that the plugin's process holds. Needs Linux. */
export function residentMegabytes({ process: { pid } }: Plugin): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kilobytes) * 1_024) / 1_000_000;
}
