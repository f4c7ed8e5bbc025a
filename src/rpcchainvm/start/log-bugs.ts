import { stackOf } from "../../avalanche/coded-error.ts";
import type { Log } from "../../log.ts";

/** Logs what nobody caught on this thread, which goes on: nobody else could take its place in the middle of a call. */
export function logBugs(log: Log): void {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => log.error(event, { error: stackOf(error) }));
  }
}
