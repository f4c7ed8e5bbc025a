import { Code, ConnectError } from "@connectrpc/connect";
import { Database, Error as DatabaseError } from "../../../gen/rpcdb/rpcdb_pb.ts";
import { type Id, idBytes, idFromBytes, idToBytes } from "../../avalanche/id.ts";
import { formatHeadMarker, headMarkerKey, parseHeadMarker } from "../../plugin/head-marker.ts";
import { rsHeadKey, seenRsHeadKey } from "../../plugin/rs/stored-block.ts";
import type { HeadMarker } from "../../vm/rewind.ts";
import type { GrpcClient } from "../grpc/client.ts";

/**
 * The database that the node lends the VM. We keep the head marker there, and what we saw of timestampvm-rs, which kept all
 * of its chain there. It must never be closed by us.
 */
export class NodeDatabase {
  readonly #client: GrpcClient;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  async readHeadMarker(): Promise<HeadMarker | undefined> {
    const value = await this.get(headMarkerKey);
    return value && parseHeadMarker(value);
  }

  /** The last accepted block of timestampvm-rs; undefined where that never ran. */
  readRsHead(): Promise<Id | undefined> {
    return this.#readId(rsHeadKey);
  }

  /** The one that this program saw last. */
  readSeenRsHead(): Promise<Id | undefined> {
    return this.#readId(seenRsHeadKey);
  }

  async #readId(key: Uint8Array): Promise<Id | undefined> {
    const value = await this.get(key);
    return value?.length === idBytes ? idFromBytes(value) : undefined;
  }

  /** What stands under a key; undefined where there is nothing. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { value, err } = await this.#client.call(Database.method.get, { key });
    if (err === DatabaseError.NOT_FOUND) return undefined;
    expectOk("Get", err);
    return value;
  }

  /** Resolves when the node has it. What is written arrives in the order of the calls. */
  writeHeadMarker(marker: HeadMarker): Promise<void> {
    return this.#put(headMarkerKey, formatHeadMarker(marker));
  }

  writeSeenRsHead(id: Id): Promise<void> {
    return this.#put(seenRsHeadKey, idToBytes(id));
  }

  #put(key: Uint8Array, value: Uint8Array): Promise<void> {
    const write = async () => {
      const { err } = await this.#client.call(Database.method.put, { key, value });
      expectOk("Put", err);
    };
    const written = this.#lastWrite.then(write);
    this.#lastWrite = written.catch(() => {});
    return written;
  }
}

function expectOk(call: string, err: DatabaseError): void {
  if (err !== DatabaseError.UNSPECIFIED) {
    throw new ConnectError(`the node's database answered ${call} with error ${err}`, Code.Unavailable);
  }
}
