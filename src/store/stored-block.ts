import { type Id, zeroId } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { type Block, encodeBlock } from "../core/block.ts";
import { idInBlockKey, isBlockKey, isKeyOf } from "../core/block-key.ts";
import { type Listing, listBlock, listedBytes, readDataStart } from "../core/listing.ts";
import { expectBytes, expectInteger, parseStored, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import type { ReencodedRows } from "./reencoded.ts";

/** The key of the block one height below; NULL for genesis. */
const parent = "(SELECT below.key FROM blocks AS below WHERE below.height = blocks.height - 1) AS parent";

/** The columns that make a block, without its parent. */
export const ownColumns = "height, key, timestamp, data, bytes";
export type OwnRow = Row<"height" | "key" | "timestamp" | "data" | "bytes">;

/** The columns that make a block. */
export const blockColumns = `${ownColumns}, ${parent}`;
export type BlockRow = OwnRow & Row<"parent">;

/**
 * The columns for a listing: the beginning of the data or of the bytes, and their full length. `ifnull`, since SQLite's
 * `substr` of an empty value is NULL.
 */
export const listingColumns = `height, key, timestamp, ${parent},
  ifnull(substr(data, 1, ${listedBytes}), data) AS data, length(data) AS dataSize,
  substr(bytes, 1, ${listedBytes}) AS bytes, length(bytes) AS bytesSize`;
export type ListingRow = BlockRow & Row<"dataSize" | "bytesSize">;

/** The rest of a block in its row, beside key, height and timestamp. */
export type Content =
  | { readonly data: Uint8Array; readonly bytes: null }
  | { readonly data: null; readonly bytes: Uint8Array };

/** The data of a block in the canonical form, since the rest follows from its row; else all of its bytes. */
export function contentOf(block: Block): Content {
  const isCanonical = Buffer.compare(encodeBlock(block), block.bytes) === 0;
  return isCanonical ? { data: block.data, bytes: null } : { data: null, bytes: block.bytes };
}

/**
 * The block in a row. `knownId` is its id, if the caller has it. Throws `Damage` unless the hash of its bytes is in its
 * key, or is the recorded one of a block that timestampvm-rs encoded again.
 */
export function blockIn(row: BlockRow, reencoded: ReencodedRows, knownId?: Id): Block {
  const id = knownId ?? idIn(row.key, "a key");
  return restore(id, row.bytes === null ? parentIn(id, row) : undefined, row, reencoded).block;
}

/**
 * The block in a row whose key has this id, and whether timestampvm-rs encoded it again. `parentId` may be undefined
 * for a block that is stored in `bytes`. Throws `Damage`.
 */
export function restore(id: Id, parentId: Id | undefined, row: OwnRow, reencoded: ReencodedRows) {
  const block = row.bytes === null ? fromFields(id, parentId, row) : fromBytes(id, row.bytes);
  const hash = sha256(block.bytes);
  if (isKeyOf(hash, row.key)) return { block, isReencoded: false };
  if (reencoded.has(id, hash)) return { block, isReencoded: true };
  throw damagedBlock(id);
}

/** The listing of the block in a row. A block that was read whole is verified. Throws `Damage`. */
export function listingIn(row: ListingRow, reencoded: ReencodedRows): Listing {
  const id = idIn(row.key, "a key");
  const size = Number(expectInteger(row.dataSize ?? row.bytesSize, `block ${id}`));
  const isReencoded = reencoded.names(id);
  if (size <= listedBytes) return listBlock(blockIn(row, reencoded, id), isReencoded);
  return { ...(row.bytes === null ? listFields(id, row, size) : listBytes(id, row, size)), id, isReencoded };
}

/** The data in a row, not verified; undefined if it cannot be read. */
export function dataIn({ data, bytes }: Row<"data" | "bytes">): Uint8Array | undefined {
  return data instanceof Uint8Array ? data : parseStored(bytes)?.data;
}

function fromFields(id: Id, parentId: Id | undefined, row: OwnRow): Block {
  if (parentId === undefined) throw new Damage(`the block below block ${id} is missing`);
  const { height, timestamp } = placeIn(id, row);
  const data = expectBytes(row.data, `block ${id}`);
  return { id, parentId, height, timestamp, data, bytes: encodeBlock({ parentId, height, timestamp, data }) };
}

function fromBytes(id: Id, bytes: unknown): Block {
  const block = parseStored(bytes, id);
  if (block === undefined) throw damagedBlock(id);
  return block;
}

function listFields(id: Id, row: ListingRow, dataBytes: number) {
  const { height, timestamp, data: start, bytes } = fromFields(id, parentIn(id, row), row);
  // The rest of the data takes two hex digits a byte.
  return { height, timestamp, start, dataBytes, bytes: bytes.length + 2 * (dataBytes - start.length) };
}

function listBytes(id: Id, row: ListingRow, bytes: number) {
  const start = readDataStart(expectBytes(row.bytes, `block ${id}`));
  return { ...placeIn(id, row), start, dataBytes: undefined, bytes };
}

function placeIn(id: Id, { height, timestamp }: Row<"height" | "timestamp">) {
  const what = `block ${id}`;
  return { height: expectInteger(height, what), timestamp: expectInteger(timestamp, what) };
}

function parentIn(id: Id, { height, parent }: BlockRow): Id | undefined {
  if (height === 0n) return zeroId;
  return parent === null ? undefined : idIn(parent, `the key below block ${id}`);
}

/** The id in a block's key. Throws `Damage` about `what` for any other value. */
export function idIn(key: unknown, what: string): Id {
  if (isBlockKey(key)) return idInBlockKey(key);
  throw new Damage(`${what} is damaged`);
}

function damagedBlock(id: Id): Damage {
  return new Damage(`block ${id} is damaged`);
}
