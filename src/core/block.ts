import { type Id, idFromBytes, parseId } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { ChainError } from "./errors.ts";
import { SerdeReader } from "./serde-json.ts";

/** A block as it travels. Immutable: `id` is the hash of `bytes`, and both are set when it is made. */
export interface Block {
  readonly id: Id;
  readonly parentId: Id;
  /** u64; genesis is 0. */
  readonly height: bigint;
  /** u64, Unix seconds. */
  readonly timestamp: bigint;
  readonly data: Uint8Array;
  /** As received or built; never encoded again. */
  readonly bytes: Uint8Array;
}

/** What a block says; its bytes and its id follow. */
export type BlockFields = Pick<Block, "parentId" | "height" | "timestamp" | "data">;

/** What names a block to people and programs, without what it carries. */
export type BlockSummary = Pick<Block, "id" | "height" | "timestamp">;

export function summaryOf({ id, height, timestamp }: Block): BlockSummary {
  return { id, height, timestamp };
}

/** Makes a new block, in the canonical form of timestampvm-rs (block/mod.rs:20, serde_json::to_vec). */
export function createBlock(fields: BlockFields): Block {
  const { parentId, height, timestamp, data } = fields;
  const text = `{"parent_id":"${parentId}","height":${height},"timestamp":${timestamp},"data":"0x${data.toHex()}"}`;
  const bytes = new TextEncoder().encode(text);
  return { id: blockIdOf(bytes), parentId, height, timestamp, data, bytes };
}

/**
 * Reads a block that someone else made. Takes exactly the bytes that timestampvm-rs takes, canonical or not, and keeps
 * them. Throws "malformed block" for all others. `id` is that of the bytes, where it is known.
 */
export function parseBlock(bytes: Uint8Array, id = blockIdOf(bytes)): Block {
  let parentId = "" as Id;
  let height = 0n;
  let timestamp = 0n;
  let data = new Uint8Array();
  try {
    new SerdeReader(bytes).readStruct({
      parent_id: (json) => {
        parentId = parseId(json.readString());
      },
      height: (json) => {
        height = json.readU64();
      },
      timestamp: (json) => {
        timestamp = json.readU64();
      },
      data: (json) => {
        data = parseData(json.readString());
      },
    });
  } catch (error) {
    throw new ChainError({ code: "malformed block", problem: (error as Error).message });
  }
  return { id, parentId, height, timestamp, data, bytes };
}

/** The id of a block is the hash of its bytes. */
export function blockIdOf(bytes: Uint8Array): Id {
  return idFromBytes(sha256(bytes));
}

/** Hex digits behind any number of `0x` (timestampvm-rs, hex_0x_bytes.rs:45). */
function parseData(text: string): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (text[start] === "0" && text[start + 1] === "x") start += 2;
  return Uint8Array.fromHex(text.slice(start));
}
