/** Time, as the VM sees it. Given from outside, so that a test or a simulation can stop it. */
export interface Clock {
  /** Unix seconds; may jump either way. */
  now(): bigint;
  /** Milliseconds from an arbitrary start; never goes back. */
  elapsedMs(): number;
  /** Runs `task` once after so many milliseconds, unless the given function is called before. */
  after(ms: number, task: () => void): () => void;
}

/** The clock's time where it is written down: a clock that was never set may be before 1970, and no row is. */
export function timeOfRow(clock: Clock): bigint {
  const now = clock.now();
  return now > 0n ? now : 0n;
}

export const systemClock: Clock = {
  now: () => BigInt(Math.floor(Date.now() / 1000)),
  elapsedMs: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
