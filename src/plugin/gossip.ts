import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ProposalGossipSchema } from "../../gen/timestampvm/proposal-gossip_pb.ts";
import { textOf } from "../avalanche/coded-error.ts";
import type { Log } from "../log.ts";
import type { AppSender } from "../rpcchainvm/node/app-sender.ts";

/** At most so many proposals are in one message, sent or received. */
export const maxGossipItems = 256;
/** At most so many bytes of data are in one message, after a first proposal of any size. The node's limit is 2 MiB. */
export const maxGossipBytes = 1_000_000;
/** At most so many bytes of data wait to be sent. Beyond this, data is left to the next regossip. */
export const maxQueuedBytes = 16 * 1024 * 1024;

const gossipVersion = 1;
/** More validators than any chain has, so all of them. */
const allValidators = 100_000;

/** Gossips proposals of our clients to all validators at once, so that the builder of the next block has them. */
export class Gossip {
  readonly #appSender: AppSender;
  readonly #log: Log;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #sending = false;

  constructor(appSender: AppSender, log: Log) {
    this.#appSender = appSender;
    this.#log = log;
  }

  /** Sends soon, together with all that comes until then. */
  send(data: Uint8Array): void {
    if (this.#queuedBytes + data.length > maxQueuedBytes) return;
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    if (!this.#sending) void this.#sendQueue();
  }

  async #sendQueue(): Promise<void> {
    this.#sending = true;
    // The client's answer goes first, at the end of this turn. All that is proposed until then goes together.
    await setImmediate();
    await setImmediate();
    while (this.#queue.length > 0) {
      try {
        await this.#appSender.gossip(encodeGossip(this.#takeBatch()), { validators: allValidators });
      } catch (error) {
        this.#log.debug("gossip failed", { error: textOf(error) });
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

/** Encodes a message with this data: one entry per proposal. */
export function encodeGossip(data: Uint8Array[]): Uint8Array {
  return toBinary(ProposalGossipSchema, create(ProposalGossipSchema, { version: gossipVersion, data }));
}

/**
 * Decodes the data in a message of any peer; [] if the message is not ours. Stops at `maxGossipItems`, so that millions
 * of empty items cost nothing. Gives parts of the message, not copies, since most may not be needed.
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
