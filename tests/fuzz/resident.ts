import { existsSync, readFileSync } from "node:fs";
import type { Plugin } from "../support/plugin.ts";

/** Memory that a plugin holds now, in MB; 0 where there is no /proc to say it. */
export function residentMb({ process }: Plugin): number {
  const file = `/proc/${process.pid}/status`;
  if (!existsSync(file)) return 0;
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, "utf8")) ?? [];
  return Number(kilobytes) / 1_024;
}
