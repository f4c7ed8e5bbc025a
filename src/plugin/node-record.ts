import { type Id, idBytes, idFromBytes, idToBytes } from "../avalanche/id.ts";
import type { NodeDatabase } from "../rpcchainvm/node/database.ts";
import type { HeadMarker } from "../vm/rewind.ts";
import { formatHeadMarker, headMarkerKey, parseHeadMarker } from "./head-marker.ts";
import { rsHeadKey, seenRsHeadKey } from "./rs/stored-block.ts";

/**
 * What the node's database says of this chain: the head marker, and what we saw of timestampvm-rs, which kept all of
 * its chain there. All methods throw a `ConnectError` when the node's database fails.
 */
export class NodeRecord {
  readonly #database: NodeDatabase;

  constructor(database: NodeDatabase) {
    this.#database = database;
  }

  async readHeadMarker(): Promise<HeadMarker | undefined> {
    const value = await this.#database.get(headMarkerKey);
    return value && parseHeadMarker(value);
  }

  /** Resolves when the node has it. */
  writeHeadMarker(marker: HeadMarker): Promise<void> {
    return this.#database.put(headMarkerKey, formatHeadMarker(marker));
  }

  /** The last accepted block of timestampvm-rs; undefined where that never ran. */
  readRsHead(): Promise<Id | undefined> {
    return this.#readId(rsHeadKey);
  }

  /** The one that this program saw last. */
  readSeenRsHead(): Promise<Id | undefined> {
    return this.#readId(seenRsHeadKey);
  }

  writeSeenRsHead(id: Id): Promise<void> {
    return this.#database.put(seenRsHeadKey, idToBytes(id));
  }

  /** What timestampvm-rs keeps under the key of a block; undefined for nothing. */
  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#database.get(key);
  }

  async #readId(key: Uint8Array): Promise<Id | undefined> {
    const value = await this.#database.get(key);
    return value?.length === idBytes ? idFromBytes(value) : undefined;
  }
}
