import type { CallApi } from "../../client/client.ts";
import { systemClock } from "../../client/waiting.ts";
import { announce, element } from "./dom.ts";
import { isSilence } from "./silence.ts";

// People stay on the page while the node restarts, and lose nothing.

/** Milliseconds between two tries. */
const retryMs = 2_000;

/**
 * Asks until the node answers. Meanwhile the place says that it does not, and what is `kept`. Rejects as `ask` does if
 * it fails for another reason, and when `signal` aborts.
 */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  place: HTMLElement,
  kept: string,
  signal?: AbortSignal,
): Promise<T> {
  const notice = element("p", { className: "down" }, `The node does not answer. ${kept} is kept. Trying again…`);
  try {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        signal?.throwIfAborted();
        if (!isSilence(error)) throw error;
      }
      if (!notice.isConnected) announce(notice.textContent);
      place.append(notice);
      await systemClock.pause(retryMs, signal);
      signal?.throwIfAborted();
    }
  } finally {
    notice.remove();
  }
}

/** The same calls, each of which goes on until the node answers. */
export function patient(call: CallApi, place: HTMLElement, kept: string): CallApi {
  return (method, params, signal) => untilAnswered(() => call(method, params, signal), place, kept, signal);
}
