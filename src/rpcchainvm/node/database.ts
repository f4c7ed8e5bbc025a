import { Code, ConnectError } from "@connectrpc/connect";
import { Database, Error as DatabaseError } from "../../../gen/rpcdb/rpcdb_pb.ts";
import type { GrpcClient } from "../grpc/client.ts";

/** One change of a batch. Without a value, the key is deleted. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Where an iteration begins, and which keys it includes. The default is the first key, and all keys. */
export interface Range {
  /** The first key; it need not exist. */
  readonly start?: Uint8Array;
  /** The first bytes of each key. */
  readonly prefix?: Uint8Array;
}

/**
 * The database that the node lends the VM (rpcdb.Database): keys and values are any bytes, also none, sorted by key.
 * Writes are done in the order of their calls, also after one that failed. Each is done as a whole or not at all. A
 * read sees the writes that have resolved. Do not change bytes until their call has resolved. The node decides when it
 * syncs to the disk, so a power cut may lose the newest writes. All methods reject with a `ConnectError` when the node
 * fails, shuts down, or has shut the VM down.
 */
export class NodeDatabase {
  readonly #client: GrpcClient;
  #lastWrite: Promise<void> = Promise.resolve();
  #batches = 0n;

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  /** The value of a key, which may have 0 bytes; undefined for an unknown key. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { value, err } = await this.#client.call(Database.method.get, { key });
    if (err === DatabaseError.NOT_FOUND) return undefined;
    expectOk("Get", err);
    return value;
  }

  /** Whether the key has a value. */
  async has(key: Uint8Array): Promise<boolean> {
    const { has, err } = await this.#client.call(Database.method.has, { key });
    expectOk("Has", err);
    return has;
  }

  /** Resolves when the node has it. */
  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#write("Put", async () => (await this.#client.call(Database.method.put, { key, value })).err);
  }

  /** Resolves when the node has done it, whether the key had a value or not. */
  delete(key: Uint8Array): Promise<void> {
    return this.#write("Delete", async () => (await this.#client.call(Database.method.delete, { key })).err);
  }

  /** Does all changes or none. Resolves when the node has them. Of two changes of a key, the later one counts. */
  batch(changes: readonly Change[]): Promise<void> {
    const last = new Map(changes.map((change) => [change.key.toHex(), change]));
    const puts = [...last.values()].flatMap(({ key, value }) => (value === undefined ? [] : { key, value }));
    const deletes = [...last.values()].flatMap(({ key, value }) => (value === undefined ? { key } : []));
    const id = this.#batches++; // until protocol 20 the node distinguishes batches by it (v1.9.4, rpcdb/db_server.go)
    return this.#write(
      "WriteBatch",
      async () => (await this.#client.call(Database.method.writeBatch, { puts, deletes, id })).err,
    );
  }

  /**
   * Keys and values, sorted by key, as they were when the iteration began. They are fetched in pages of some 128 KiB.
   * Read it to the end, or leave the loop by `break`, `return` or an error: the node holds an iterator until then.
   */
  async *iterate({
    start = empty,
    prefix = empty,
  }: Range = {}): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array], void> {
    const { id } = await this.#client.call(Database.method.newIteratorWithStartAndPrefix, { start, prefix });
    try {
      for (;;) {
        const { data } = await this.#client.call(Database.method.iteratorNext, { id });
        if (data.length === 0) break;
        for (const { key, value } of data) yield [key, value];
      }
      const { err } = await this.#client.call(Database.method.iteratorError, { id });
      expectOk("IteratorNext", err);
    } finally {
      await this.#client.call(Database.method.iteratorRelease, { id }).catch(() => {}); // the node may be gone
    }
  }

  /** Begins when the write before it has ended. */
  #write(call: string, send: () => Promise<DatabaseError>): Promise<void> {
    const write = async () => expectOk(call, await send());
    const written = this.#lastWrite.then(write);
    this.#lastWrite = written.catch(() => {});
    return written;
  }
}

const empty = new Uint8Array();

function expectOk(call: string, err: DatabaseError): void {
  if (err !== DatabaseError.UNSPECIFIED) {
    throw new ConnectError(`the node's database answered ${call} with error ${err}`, Code.Unavailable);
  }
}
