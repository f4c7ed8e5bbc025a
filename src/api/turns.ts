/** Who waits for a turn, the first one first. */
const queue: (() => void)[] = [];

/**
 * Resolves in a turn of the event loop that no other caller of this has. Large reads that come together, or that one block
 * wakes, would else be one piece of work of many seconds, and the node's calls would wait behind it. Rejects with the
 * signal's reason when it has aborted by then: nobody wants the answer.
 */
export function ownTurn(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    queue.push(() => (signal?.aborted ? reject(signal.reason) : resolve()));
    if (queue.length === 1) setImmediate(runNext);
  });
}

function runNext(): void {
  queue.shift()?.();
  if (queue.length > 0) setImmediate(runNext);
}
