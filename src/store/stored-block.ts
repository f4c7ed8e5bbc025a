import { equalBytes, type Id, zeroId } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { type Block, encodeBlock } from "../core/block.ts";
import { blockKeyBytes, idInBlockKey } from "../core/block-key.ts";
import { type Listing, listBlock, listedBytes, readDataStart } from "../core/listing.ts";
import { expectBytes, expectInteger, parseStored, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import type { ReencodedRows } from "./reencoded.ts";

/** The key of the block below; NULL for the first one. */
const parent = "(SELECT below.key FROM blocks AS below WHERE below.height = blocks.height - 1) AS parent";

/** The columns that make a block. */
export const blockColumns = `height, key, timestamp, data, bytes, ${parent}`;
/** What they give. */
export type BlockRow = Row<"height" | "key" | "timestamp" | "data" | "bytes" | "parent">;

/**
 * The columns for a listing: the beginning of the data or of the bytes, and how many there are. SQLite's `substr` of an
 * empty value is NULL.
 */
export const listingColumns = `height, key, timestamp, ${parent},
  ifnull(substr(data, 1, ${listedBytes}), data) AS data, length(data) AS dataSize,
  substr(bytes, 1, ${listedBytes}) AS bytes, length(bytes) AS bytesSize`;
/** What they give. */
export type ListingRow = BlockRow & Row<"dataSize" | "bytesSize">;

/** What a row has of a block beside its key, height and timestamp. */
export type Content =
  | { readonly data: Uint8Array; readonly bytes: null }
  | { readonly data: null; readonly bytes: Uint8Array };

/** The data, for a block in the canonical form, which follows from that and from the row; else all of its bytes. */
export function contentOf(block: Block): Content {
  const isCanonical = Buffer.compare(encodeBlock(block), block.bytes) === 0;
  return isCanonical ? { data: block.data, bytes: null } : { data: null, bytes: block.bytes };
}

/**
 * The block in a row, whose key is that of `knownId` where that is given. Throws `Damage` unless its bytes hash to its key, or to
 * what timestampvm-rs left of it.
 */
export function blockIn(row: BlockRow, reencoded: ReencodedRows, knownId?: Id): Block {
  const key = expectBytes(row.key, "a key", blockKeyBytes);
  const id = knownId ?? idInBlockKey(key);
  const block = row.bytes === null ? fromFields(id, row) : fromBytes(id, row.bytes);
  const hash = sha256(block.bytes);
  if (equalBytes(hash, key.subarray(-hash.length)) || reencoded.has(id, hash)) return block;
  throw damagedBlock(id);
}

/** The listing of the block in a row, which is verified where it was read whole. Throws `Damage`. */
export function listingIn(row: ListingRow, reencoded: ReencodedRows): Listing {
  const id = idInBlockKey(expectBytes(row.key, "a key", blockKeyBytes));
  const size = Number(expectInteger(row.dataSize ?? row.bytesSize, `block ${id}`));
  if (size <= listedBytes) return listBlock(blockIn(row, reencoded));
  return { ...(row.bytes === null ? listFields(id, row, size) : listBytes(id, row, size)), id };
}

/** The data in a row, whatever that is; undefined where there is none. */
export function dataIn({ data, bytes }: Row<"data" | "bytes">): Uint8Array | undefined {
  return data instanceof Uint8Array ? data : parseStored(bytes)?.data;
}

function fromFields(id: Id, row: BlockRow): Block {
  const fields = { ...placeIn(id, row), parentId: parentIn(id, row), data: expectBytes(row.data, `block ${id}`) };
  return { id, ...fields, bytes: encodeBlock(fields) };
}

function fromBytes(id: Id, bytes: unknown): Block {
  const block = parseStored(bytes, id);
  if (block === undefined) throw damagedBlock(id);
  return block;
}

function listFields(id: Id, row: ListingRow, dataBytes: number) {
  const place = placeIn(id, row);
  const rest = encodeBlock({ ...place, parentId: parentIn(id, row), data: new Uint8Array() });
  const start = expectBytes(row.data, `block ${id}`);
  return { ...place, start, dataBytes, bytes: rest.length + 2 * dataBytes }; // in hex
}

function listBytes(id: Id, row: ListingRow, bytes: number) {
  const start = readDataStart(expectBytes(row.bytes, `block ${id}`));
  return { ...placeIn(id, row), start, dataBytes: undefined, bytes };
}

function placeIn(id: Id, { height, timestamp }: Row<"height" | "timestamp">) {
  const what = `block ${id}`;
  return { height: expectInteger(height, what), timestamp: expectInteger(timestamp, what) };
}

function parentIn(id: Id, { height, parent }: BlockRow): Id {
  if (height === 0n) return zeroId;
  if (parent === null) throw new Damage(`the block below block ${id} is missing`);
  return idInBlockKey(expectBytes(parent, `the key below block ${id}`, blockKeyBytes));
}

function damagedBlock(id: Id): Damage {
  return new Damage(`block ${id} is damaged`);
}
