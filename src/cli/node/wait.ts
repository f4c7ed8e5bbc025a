import { setTimeout } from "node:timers/promises";
import { Refused } from "./connection.ts";

/** Milliseconds that one call waits at most. The API takes more. */
export const maxWaitMs = 20_000;
/** Milliseconds between two calls when the server did not wait. */
export const pauseMs = 500;

/** Asks the server to wait `waitMs`. When it refuses, since too many wait there, waits here a little and asks again. */
export async function askToWait<T>(ask: (waitMs: number) => Promise<T>, waitMs: number): Promise<T> {
  try {
    return await ask(waitMs);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await setTimeout(pauseMs);
    return ask(0);
  }
}
