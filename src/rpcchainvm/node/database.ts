import { Code, ConnectError } from "@connectrpc/connect";
import { Database, Error as DatabaseError } from "../../../gen/rpcdb/rpcdb_pb.ts";
import type { GrpcClient } from "../grpc/client.ts";

/** A change of a batch: without a value, the key is deleted. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/**
 * Where an iteration begins, and to which keys it keeps; without them, at the first key and to all. Both may be given.
 */
export interface Range {
  /** The first key, or where it would be. */
  readonly start?: Uint8Array;
  /** How each key begins. */
  readonly prefix?: Uint8Array;
}

/**
 * The database that the node lends the VM (rpcdb.Database): keys and values are any bytes, also none, in the order of
 * the keys. Writes arrive in the order of their calls, past one that fails, and each is whole or not done; a read finds
 * the writes that have resolved. Bytes must not be changed until their call has resolved. The node syncs it to the disk
 * when it likes: a power cut may lose the newest. All methods reject with a `ConnectError` when the node cannot do
 * it, shuts down, or has shut the VM down.
 */
export class NodeDatabase {
  readonly #client: GrpcClient;
  #lastWrite: Promise<void> = Promise.resolve();
  #batches = 0n;

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  /** What stands under a key, which may be 0 bytes; undefined where there is nothing. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { value, err } = await this.#client.call(Database.method.get, { key });
    if (err === DatabaseError.NOT_FOUND) return undefined;
    expectOk("Get", err);
    return value;
  }

  /** Whether something stands under a key. */
  async has(key: Uint8Array): Promise<boolean> {
    const { has, err } = await this.#client.call(Database.method.has, { key });
    expectOk("Has", err);
    return has;
  }

  /** Resolves when the node has it. */
  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#write("Put", async () => (await this.#client.call(Database.method.put, { key, value })).err);
  }

  /** Resolves when the node has it, whether there was something or not. */
  delete(key: Uint8Array): Promise<void> {
    return this.#write("Delete", async () => (await this.#client.call(Database.method.delete, { key })).err);
  }

  /** All of them or none: resolves when the node has them. Of two changes of a key, the later one counts. */
  batch(changes: readonly Change[]): Promise<void> {
    const last = new Map(changes.map((change) => [change.key.toHex(), change]));
    const puts = [...last.values()].flatMap(({ key, value }) => (value === undefined ? [] : { key, value }));
    const deletes = [...last.values()].flatMap(({ key, value }) => (value === undefined ? { key } : []));
    const id = this.#batches++; // until protocol 20 the node tells batches apart by it (v1.9.4, rpcdb/db_server.go)
    return this.#write(
      "WriteBatch",
      async () => (await this.#client.call(Database.method.writeBatch, { puts, deletes, id })).err,
    );
  }

  /**
   * Keys and values in the order of the keys, as they were when it began. They come page by page, of 128 KiB or so. To
   * be read to the end, or left by `break`, `return` or an error of the loop: the node holds something for it until
   * then.
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
      await this.#client.call(Database.method.iteratorRelease, { id }).catch(() => {}); // a node that is gone
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
