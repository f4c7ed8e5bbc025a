/** The time. The VM gets it from outside, so that a test or a simulation can stop it. */
export interface Clock {
  /** Unix seconds. May jump forwards or backwards. */
  now(): bigint;
  /** Unix milliseconds, of the same clock as `now`. */
  nowMs(): bigint;
  /** Milliseconds since some point in time. Never goes back. */
  elapsedMs(): number;
  /** Runs `task` once after `ms` milliseconds. Gives a function that cancels it. */
  after(ms: number, task: () => void): () => void;
}

/** The time to store, in Unix seconds, at least 0: a clock that was never set may be before 1970. */
export function timeOfRow(clock: Clock): bigint {
  const now = clock.now();
  return now > 0n ? now : 0n;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => BigInt(Math.floor(Date.now() / 1000)),
  nowMs: () => BigInt(Date.now()),
  elapsedMs: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
