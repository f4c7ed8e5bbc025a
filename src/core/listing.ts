import type { Block, BlockSummary } from "./block.ts";

/** What a list shows of a block. Reading it costs the same, however large the block is. */
export interface Listing extends BlockSummary {
  /** The data or its beginning; undefined where that could not be read for sure. */
  readonly start: Uint8Array | undefined;
  /** Bytes of the data; undefined where that could not be read for sure. */
  readonly dataBytes: number | undefined;
  /** Bytes of the whole block. */
  readonly bytes: number;
}

/**
 * How many bytes of a block, or of its data where that alone is stored, are read for a listing. What has no more is
 * read whole, and checked.
 */
export const listedBytes = 1_024;

/** The listing of a block that was read whole. */
export function listBlock({ id, height, timestamp, data, bytes }: Block): Listing {
  return { id, height, timestamp, start: data, dataBytes: data.length, bytes: bytes.length };
}

/**
 * Takes the first bytes of a block, and gives the beginning of its data; undefined unless they are in the canonical
 * form, in which `data` comes last. The rest of the block is not looked at, so nothing says that it parses.
 */
export function readDataStart(text: Uint8Array): Uint8Array | undefined {
  const hex = canonicalStart.exec(new TextDecoder("latin1").decode(text))?.[1];
  return hex === undefined ? undefined : Uint8Array.fromHex(hex.slice(0, hex.length - (hex.length % 2)));
}

const canonicalStart =
  /^\{"parent_id":"[1-9A-HJ-NP-Za-km-z]{1,50}","height":\d{1,20},"timestamp":\d{1,20},"data":"0x([0-9a-f]+)$/;
