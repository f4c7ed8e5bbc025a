import { Code, ConnectError } from "@connectrpc/connect";
import { Watchers } from "./watchers.ts";

/** Between messenger.Messenger and the engine: a Go channel that holds one message, and a sender who never waits. */
export class MessageQueue {
  /** How many messages came, those that were refused included. */
  sent = 0;
  /** How many found it full. */
  refused = 0;
  #waiting: number | undefined;
  readonly #takers = new Set<(message: number) => void>();
  readonly #watchers = new Watchers();

  /** Throws "full message queue". */
  put(message: number): void {
    this.sent++;
    try {
      this.#put(message);
    } finally {
      this.#watchers.changed();
    }
  }

  /** The next message. Rejects when `signal` says so. */
  take(signal?: AbortSignal): Promise<number> {
    const message = this.#waiting;
    this.#waiting = undefined;
    if (message !== undefined) return Promise.resolve(message);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#takers.add(resolve);
    signal?.addEventListener("abort", () => {
      this.#takers.delete(resolve);
      reject(new ConnectError("the engine no longer waits", Code.Canceled));
    });
    return promise;
  }

  /** Resolves when `condition` holds, at the latest with the message that makes it so. Rejects after a minute. */
  async until(condition: () => boolean): Promise<void> {
    await this.#watchers.waitFor("messages to the engine", () => condition() || undefined);
  }

  #put(message: number): void {
    const [taker] = this.#takers;
    if (taker !== undefined) {
      this.#takers.delete(taker);
      taker(message);
    } else if (this.#waiting === undefined) this.#waiting = message;
    else {
      this.refused++;
      throw new ConnectError("full message queue", Code.Unknown);
    }
  }
}
