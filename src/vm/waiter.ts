/** One call that waits for something. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a waiter from the two functions of a promise. The first call of either settles it, and first runs `release`,
 * which frees what the waiter holds. Later calls do nothing.
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
