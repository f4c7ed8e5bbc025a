import { type Id, idBytes, idFromBytes, idToBytes } from "../avalanche/id.ts";
import type { NodeDatabase } from "../rpcchainvm/node/database.ts";
import type { HeadMarker } from "../vm/rewind.ts";
import { formatHeadMarker, headMarkerKey, parseHeadMarker } from "./head-marker.ts";
import { rsHeadKey, seenRsHeadKey } from "./rs/stored-block.ts";

/**
 * This chain's entries in the node's database: our head marker, the chain of timestampvm-rs, and the head of it that we
 * have seen. All methods throw a `ConnectError` when the node's database fails.
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

  /** Resolves when the node has stored it. */
  writeHeadMarker(marker: HeadMarker): Promise<void> {
    return this.#database.put(headMarkerKey, formatHeadMarker(marker));
  }

  /** The last accepted block of timestampvm-rs; undefined if that never ran. */
  readRsHead(): Promise<Id | undefined> {
    return this.#readId(rsHeadKey);
  }

  /** The last accepted block of timestampvm-rs that we saw last. */
  readSeenRsHead(): Promise<Id | undefined> {
    return this.#readId(seenRsHeadKey);
  }

  writeSeenRsHead(id: Id): Promise<void> {
    return this.#database.put(seenRsHeadKey, idToBytes(id));
  }

  /** What timestampvm-rs stored for a block; undefined for nothing. */
  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#database.get(key);
  }

  async #readId(key: Uint8Array): Promise<Id | undefined> {
    const value = await this.#database.get(key);
    return value?.length === idBytes ? idFromBytes(value) : undefined;
  }
}
