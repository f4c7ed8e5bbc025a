import type { Block, BlockSummary } from "./block.ts";

/** What a list shows of a block. Reading it takes the same time for every size of block. */
export interface Listing extends BlockSummary {
  /** The data or its beginning; undefined if the beginning of the block does not show it. */
  readonly start: Uint8Array | undefined;
  /** Bytes of the data; undefined if only the beginning of the block's bytes was read. */
  readonly dataBytes: number | undefined;
  /** Bytes of the whole block. */
  readonly bytes: number;
  /** timestampvm-rs encoded the block again: its stored bytes do not hash to its id. */
  readonly isReencoded: boolean;
}

/**
 * Bytes that are read for a listing, of the stored data or of the stored block. If there are no more than these, the
 * block is read whole, and its hash is checked.
 */
export const listedBytes = 1_024;

/** The listing of a whole block. `isReencoded`: see `Listing`. */
export function listBlock({ id, height, timestamp, data, bytes }: Block, isReencoded: boolean): Listing {
  return { id, height, timestamp, start: data, dataBytes: data.length, bytes: bytes.length, isReencoded };
}

/**
 * Takes the first bytes of a block, and gives the beginning of its data. Undefined unless these bytes are in the
 * canonical form, where `data` is the last field. The rest of the block is not read, so it may not parse.
 */
export function readDataStart(text: Uint8Array): Uint8Array | undefined {
  const hex = canonicalStart.exec(new TextDecoder("latin1").decode(text))?.[1];
  return hex === undefined ? undefined : Uint8Array.fromHex(hex.slice(0, hex.length - (hex.length % 2)));
}

const canonicalStart =
  /^\{"parent_id":"[1-9A-HJ-NP-Za-km-z]{1,50}","height":\d{1,20},"timestamp":\d{1,20},"data":"0x([0-9a-f]+)$/;
