import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Id, idToBytes } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { rsHeadKey } from "../../src/plugin/rs/stored-block.ts";
import { bytesOf } from "./chain.ts";

/** A block that timestampvm-rs had to do with. */
export interface RsBlock {
  readonly id: Id;
  readonly height: number;
  readonly decision: "accepted" | "rejected" | "none";
  readonly bytes: Uint8Array;
}

/** What timestampvm-rs left in the node's database. */
export interface RsChain {
  readonly genesisBytes: Uint8Array;
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  /** In the order in which they were verified; genesis is none of them. */
  readonly blocks: readonly RsBlock[];
  readonly accepted: readonly RsBlock[];
  /** The last accepted one. */
  readonly head: RsBlock;
}

/** Reads `tests/vectors/timestampvm-rs-NAME.json`. */
export function readRsChain(name: "chain" | "reencoded" | "halted"): RsChain {
  const file = join(import.meta.dir, `../vectors/timestampvm-rs-${name}.json`);
  const recorded = JSON.parse(readFileSync(file, "utf8")) as {
    genesis: string;
    entries: { key: string; value: string }[];
    blocks: { id: Id; height: number; decision: RsBlock["decision"]; bytes: string }[];
  };
  const blocks = recorded.blocks.map((block) => ({ ...block, bytes: unpack(block.bytes) }));
  const accepted = blocks.filter(({ decision }) => decision === "accepted");
  const head = accepted.at(-1);
  if (head === undefined) throw new Error(`${file} has no accepted block`);
  return {
    genesisBytes: bytesOf(recorded.genesis),
    entries: recorded.entries.map(({ key, value }) => [Uint8Array.fromHex(key), unpack(value)]),
    blocks,
    accepted,
    head,
  };
}

/** The entries for blocks of our own making, the last one the head. */
export function rsEntries(blocks: readonly Block[]): [key: Uint8Array, value: Uint8Array][] {
  const head = blocks.at(-1);
  if (head === undefined) return [];
  return [
    [rsHeadKey, idToBytes(head.id)],
    ...blocks.map(({ id, bytes }): [Uint8Array, Uint8Array] => [blockKey(id), rsValue(bytes)]),
  ];
}

/** As serde_json writes it. */
export function rsValue(bytes: ArrayLike<number>, status = "Accepted"): Uint8Array {
  return bytesOf(`{"block_bytes":[${new Uint8Array(bytes).join(",")}],"status":"${status}"}`);
}

function unpack(text: string): Uint8Array {
  return Bun.gunzipSync(Uint8Array.fromBase64(text));
}
