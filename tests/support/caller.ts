import { maxTurnMs, Turns } from "../../src/api/turns.ts";
import type { Asker, Caller } from "../../src/vm/caller.ts";

const never = new AbortController().signal;

/** Someone who sends requests, and may leave. */
export function senderOf(signal: AbortSignal = never, name = "someone"): Asker {
  return { name, signal, releaseRequest: () => {}, holdAnswer: () => true };
}

/** The same for those who work for him: by this clock, each piece of work takes as long as a turn may. */
export function callerOf(signal: AbortSignal = never, turns = slowTurns()): Caller {
  const asker = senderOf(signal);
  return {
    ...asker,
    pause: () => turns.pause(asker, signal),
    doLong: (work) => turns.doLong(asker, signal, work),
    until: (earlier) => callerOf(earlier, turns),
  };
}

export function slowTurns(): Turns {
  let ms = 0;
  return new Turns(() => {
    ms += maxTurnMs;
    return ms;
  });
}
