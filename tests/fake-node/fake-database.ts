import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Database, Error as DatabaseError } from "../../gen/rpcdb/rpcdb_pb.ts";

/** The database that a node lends its VM: a map, with faults on demand. It outlives the plugin, as the node's does. */
export class FakeDatabase {
  /** By the key's text. */
  readonly entries = new Map<string, Uint8Array>();
  /** The keys of all calls, as `get KEY` and `put KEY`; `close` if ever a plugin did that. */
  readonly calls: string[] = [];
  /** Runs before a call takes effect: may take its time, or throw. */
  before: (call: string) => void | Promise<void> = () => {};

  /** As when the node shuts down: every call is answered so. */
  closed = false;

  /** Puts fail from now on as they do when the node's disk is full. */
  failPuts(): void {
    this.before = (call) => {
      if (call.startsWith("put")) throw new ConnectError("no space left on device", Code.Unknown);
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
    this.entries.set(textOf(key), value);
  }

  delete(key: Uint8Array): void {
    if (!this.entries.delete(textOf(key))) throw new Error("there is no such key");
  }

  addTo(router: ConnectRouter): void {
    router.service(Database, {
      get: async ({ key }) => {
        await this.#record("get", key);
        if (this.closed) return { err: DatabaseError.CLOSED };
        const value = this.entries.get(textOf(key));
        return value === undefined ? { err: DatabaseError.NOT_FOUND } : { value };
      },
      put: async ({ key, value }) => {
        await this.#record("put", key);
        if (this.closed) return { err: DatabaseError.CLOSED };
        this.entries.set(textOf(key), value.slice());
        return {};
      },
      close: async () => {
        await this.#record("close", new Uint8Array());
        return {};
      },
    });
  }

  async #record(name: string, key: Uint8Array): Promise<void> {
    const call = `${name} ${textOf(key)}`.trim();
    this.calls.push(call);
    await this.before(call);
  }
}

function textOf(key: Uint8Array): string {
  return new TextDecoder("latin1").decode(key);
}
