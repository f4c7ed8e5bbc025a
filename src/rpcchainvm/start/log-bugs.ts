import { stackOf } from "../../avalanche/coded-error.ts";
import type { Log } from "../../log.ts";

/** Logs errors that nobody caught on this thread. It goes on: nothing can replace it in the middle of a call. */
export function logBugs(log: Log): void {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => log.error(event, { error: stackOf(error) }));
  }
}
