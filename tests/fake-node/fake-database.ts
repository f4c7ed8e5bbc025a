import { Code, ConnectError } from "@connectrpc/connect";

/** The database that a node lends its VM: a map, with faults on demand. It outlives the plugin, as the node's does. */
export class FakeDatabase {
  /** By the key's text: a character for each byte. */
  readonly entries = new Map<string, Uint8Array>();
  /**
   * What plugins called, in order: `get KEY`, `has KEY`, `put KEY`, `delete KEY`, `writeBatch +KEY -KEY` with what it
   * puts and deletes, and the names alone of all others. `close` must never be among them: it closes the node's own
   * database.
   */
  readonly calls: string[] = [];
  /** Runs before a call takes effect, with its text in `calls`: may take its time, or throw. */
  before: (call: string) => void | Promise<void> = () => {};
  /** As when the node shuts down: every call is answered so. */
  closed = false;
  /** Iterators end too early from now on, and only IteratorError says why, in these words. */
  iterationFailure: string | undefined;

  /** Puts, deletes and batches fail from now on as they do when the node's disk is full. */
  failWrites(): void {
    this.before = (call) => {
      if (/^(put|delete|writeBatch)\b/.test(call)) throw new ConnectError("no space left on device", Code.Unknown);
    };
  }

  /** The next put waits until it is let go. Resolves when it came. */
  holdNextPut(): { readonly held: Promise<void>; readonly letGo: () => void } {
    const held = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    this.before = (call) => {
      if (!call.startsWith("put")) return undefined;
      this.before = () => {};
      held.resolve();
      return gate.promise;
    };
    return { held: held.promise, letGo: gate.resolve };
  }

  /** Resolves at the next call of this name. */
  next(name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { before } = this;
    this.before = (call) => {
      if (call.startsWith(name)) resolve();
      return before(call);
    };
    return promise;
  }

  /** As if it had been there before. */
  set(key: Uint8Array, value: Uint8Array): void {
    this.entries.set(textOf(key), value.slice());
  }

  /** Throws when there is no such key. */
  delete(key: Uint8Array): void {
    if (!this.entries.delete(textOf(key))) throw new Error("there is no such key");
  }

  /** All entries that an iterator gives, in the order of their keys' bytes. */
  entriesFrom(start: Uint8Array, prefix: Uint8Array): { readonly key: Uint8Array; readonly value: Uint8Array }[] {
    return [...this.entries]
      .filter(([key]) => key >= textOf(start) && key.startsWith(textOf(prefix)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key: bytesOf(key), value }));
  }
}

/** A key's text in `entries` and `calls`. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
