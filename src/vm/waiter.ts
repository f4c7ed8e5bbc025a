/** One call that waits for something. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a waiter of the two ends of a promise. It settles once: the first call counts, and runs `release` before, which
 * lets go of all that the waiter held.
 */
export function createWaiter(resolve: () => void, reject: (error: unknown) => void, release: () => void): Waiter {
  let isWaiting = true;
  const settle = (end: () => void) => {
    if (!isWaiting) return;
    isWaiting = false;
    release();
    end();
  };
  return { resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) };
}
