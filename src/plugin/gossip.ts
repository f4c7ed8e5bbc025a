import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ProposalGossipSchema } from "../../gen/timestampvm/gossip_pb.ts";
import type { Log } from "../log.ts";
import type { GrpcClient } from "../rpcchainvm/grpc/client.ts";
import type { Protocol } from "../rpcchainvm/protocol.ts";

/** How many proposals one message carries at most, sent or taken in. */
export const maxGossipItems = 256;
/** Bytes of data in one message at most, beside a first proposal of any size; the node's limit is 2 MiB. */
export const maxGossipBytes = 1_000_000;
/** Bytes of data that wait to be sent at most. What is too much is told with what is told again. */
export const maxQueuedBytes = 16 * 1024 * 1024;

/** The node takes a message at once; if it does not, the next one may fare better. */
const gossipTimeoutMs = 10_000;
const gossipVersion = 1;
/** To more validators than any chain has: to all of them. */
const allValidators = 100_000n;

/** Tells the other validators at once what clients proposed here, so that whoever may build next can carry it. */
export class Gossip {
  readonly #client: GrpcClient;
  readonly #protocol: Protocol;
  readonly #log: Log;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #sending = false;

  constructor(client: GrpcClient, protocol: Protocol, log: Log) {
    this.#client = client;
    this.#protocol = protocol;
    this.#log = log;
  }

  /** Sends soon, together with what else comes meanwhile. */
  send(data: Uint8Array): void {
    if (this.#queuedBytes + data.length > maxQueuedBytes) return;
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    if (!this.#sending) void this.#sendQueue();
  }

  async #sendQueue(): Promise<void> {
    this.#sending = true;
    // The client gets its answer first, which is sent at the end of this turn; what is proposed meanwhile goes together.
    await setImmediate();
    await setImmediate();
    while (this.#queue.length > 0) {
      try {
        const msg = encodeGossip(this.#takeBatch());
        await this.#client.call(this.#protocol.sendAppGossip, { validators: allValidators, msg }, gossipTimeoutMs);
      } catch (error) {
        this.#log.debug("gossip failed", { error: String(error) });
      }
    }
    this.#sending = false;
  }

  #takeBatch(): Uint8Array[] {
    let items = 0;
    let bytes = 0;
    for (const data of this.#queue) {
      if (items === maxGossipItems || (items > 0 && bytes + data.length > maxGossipBytes)) break;
      items++;
      bytes += data.length;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, items);
  }
}

export function encodeGossip(data: Uint8Array[]): Uint8Array {
  return toBinary(ProposalGossipSchema, create(ProposalGossipSchema, { version: gossipVersion, data }));
}

/**
 * The data in a message from anyone; [] when it is not one of ours. Stops at `maxGossipItems`, so that millions of empty
 * items cost nothing. The data are parts of the message, not copies: most of it may not be wanted.
 */
export function decodeGossip(message: Uint8Array): Uint8Array[] {
  const data: Uint8Array[] = [];
  let version = 0;
  try {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len && data.length < maxGossipItems) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.Varint) version = reader.uint32();
      else if (field === 2 && type === WireType.LengthDelimited && version === gossipVersion) {
        data.push(reader.bytes());
      } else return [];
    }
  } catch {
    return [];
  }
  return data;
}
