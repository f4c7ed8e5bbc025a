import type { Block, BlockSummary } from "./block.ts";

/** What a list shows of a block, which costs the same however large the block is. */
export interface Listing extends BlockSummary {
  /** The data, or how it begins; undefined when it was not looked for. */
  readonly start: Uint8Array | undefined;
  /** Bytes of the data; undefined when they were not counted. */
  readonly dataBytes: number | undefined;
  /** Bytes of the whole block. */
  readonly bytes: number;
}

/** Bytes of a block that are read for a listing: nothing is left to guess of blocks that are no larger. */
export const listedBytes = 1_024;

/** Of a block that was read as a whole. */
export function listBlock({ id, height, timestamp, data, bytes }: Block): Listing {
  return { id, height, timestamp, start: data, dataBytes: data.length, bytes: bytes.length };
}

/**
 * The beginning of the data in the first bytes of a block's text, if the text has its members in the order of
 * timestampvm-rs and without white space; else undefined. What is behind these bytes may be anything.
 */
export function readDataStart(text: Uint8Array): Uint8Array | undefined {
  const hex = canonicalStart.exec(new TextDecoder("latin1").decode(text))?.[1];
  return hex === undefined ? undefined : Uint8Array.fromHex(hex.slice(0, hex.length - (hex.length % 2)));
}

const canonicalStart =
  /^\{"parent_id":"[1-9A-HJ-NP-Za-km-z]{1,50}","height":\d{1,20},"timestamp":\d{1,20},"data":"0x([0-9a-f]+)$/;
