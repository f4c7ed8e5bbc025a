import { messageOf } from "../avalanche/coded-error.ts";
import { type Id, idFromBytes, parseId } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { type Digest, digestOf } from "./digest.ts";
import { ChainError } from "./errors.ts";
import { parseHex } from "./hex.ts";
import { SerdeReader } from "./serde-json.ts";

/** A block. Immutable. `id` is the SHA-256 of `bytes`. */
export interface Block {
  readonly id: Id;
  readonly parentId: Id;
  /** u64; genesis is 0. */
  readonly height: bigint;
  /** u64, Unix seconds. */
  readonly timestamp: bigint;
  readonly data: Uint8Array;
  /** The bytes as received or built. They are never encoded again. */
  readonly bytes: Uint8Array;
}

/** The fields that a block's bytes and id are made from. */
export type BlockFields = Pick<Block, "parentId" | "height" | "timestamp" | "data">;

/** What identifies a block, without its data. */
export type BlockSummary = Pick<Block, "id" | "height" | "timestamp">;

export function summaryOf({ id, height, timestamp }: Block): BlockSummary {
  return { id, height, timestamp };
}

/** What a log says of a block: never its data. */
export function noteOf({ id, height, timestamp, data }: Block): BlockSummary & { readonly digest: Digest } {
  return { id, height, timestamp, digest: digestOf(data) };
}

/** Makes a new block, in the canonical form. */
export function createBlock(fields: BlockFields): Block {
  const { parentId, height, timestamp, data } = fields;
  const bytes = encodeBlock(fields);
  return { id: blockIdOf(bytes), parentId, height, timestamp, data, bytes };
}

/** The canonical form of a block, as timestampvm-rs writes it (block/mod.rs:20, serde_json::to_vec). */
export function encodeBlock({ parentId, height, timestamp, data }: BlockFields): Uint8Array {
  const text = `{"parent_id":"${parentId}","height":${height},"timestamp":${timestamp},"data":"0x${data.toHex()}"}`;
  return utf8.encode(text);
}

const utf8 = new TextEncoder();

/**
 * Reads a block that someone else made. Accepts exactly the bytes that timestampvm-rs accepts, canonical or not. Keeps
 * these bytes, not a copy. `id` is their hash, if the caller already has it. Throws "malformed block".
 */
export function parseBlock(bytes: Uint8Array, id = blockIdOf(bytes)): Block {
  try {
    const { parent_id: parentId, height, timestamp, data } = new SerdeReader(bytes).readStruct(fieldReaders);
    return { id, parentId, height, timestamp, data, bytes };
  } catch (error) {
    throw new ChainError({ code: "malformed block", problem: messageOf(error) });
  }
}

const fieldReaders = {
  parent_id: (json: SerdeReader) => parseId(json.readString()),
  height: (json: SerdeReader) => json.readU64(),
  timestamp: (json: SerdeReader) => json.readU64(),
  data: (json: SerdeReader) => parseData(json.readString()),
};

/** The id of a block: the SHA-256 of its bytes. */
export function blockIdOf(bytes: Uint8Array): Id {
  return idFromBytes(sha256(bytes));
}

/** Reads hex digits after any number of `0x` (timestampvm-rs, hex_0x_bytes.rs:45). */
function parseData(text: string): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (text[start] === "0" && text[start + 1] === "x") start += 2;
  const data = parseHex(`0x${text.slice(start)}`);
  if (data === undefined) throw new Error("its data is not pairs of hex digits");
  return data;
}
