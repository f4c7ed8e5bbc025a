import { setTimeout } from "node:timers/promises";
import { Refused } from "./connection.ts";

/** Milliseconds that one call waits at most: less than the API takes. */
export const maxWaitMs = 20_000;
/** Milliseconds between two calls where the first one did not wait. */
export const pauseMs = 500;

/** Asks, with `waitMs` to wait on the other side. Where too many wait there already, it waits a little here. */
export async function askToWait<T>(ask: (waitMs: number) => Promise<T>, waitMs: number): Promise<T> {
  try {
    return await ask(waitMs);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await setTimeout(pauseMs);
    return ask(0);
  }
}
