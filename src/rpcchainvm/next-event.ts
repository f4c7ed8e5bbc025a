import type { ChainVm } from "./chain-vm.ts";
import type { VmEvent } from "./protocol.ts";

/**
 * The VM's next event. Rejects with the reason of the first signal that aborts, whatever the VM does then. Removes its
 * listeners: `AbortSignal.any` keeps a kilobyte for each call in Bun 1.4.5.
 */
export async function nextEvent(vm: Pick<ChainVm, "waitForEvent">, signals: readonly AbortSignal[]): Promise<VmEvent> {
  const waiting = new AbortController();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {}); // nobody waits for it when the VM throws at once
  const stop = () => {
    const reason: unknown = signals.find(({ aborted }) => aborted)?.reason;
    stopped.reject(reason); // before the VM gives something else
    waiting.abort(reason);
  };
  for (const signal of signals) signal.throwIfAborted();
  for (const signal of signals) signal.addEventListener("abort", stop);
  try {
    return await Promise.race([stopped.promise, vm.waitForEvent(waiting.signal)]);
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", stop);
  }
}
