import { type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";

/** Length of a block's key in bytes. */
export const blockKeyBytes = 34;

const prefix = Uint8Array.of(0x00, 0x2f);

/** The key under which a block is stored, as in timestampvm-rs (state/mod.rs:44): `0x00 '/' id(32)`. */
export function blockKey(id: Id): Uint8Array {
  const key = new Uint8Array(blockKeyBytes);
  key.set(prefix);
  key.set(idToBytes(id), prefix.length);
  return key;
}

/** Whether this has the form of a block's key. */
export function isBlockKey(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array && value.length === blockKeyBytes && value[0] === prefix[0] && value[1] === prefix[1]
  );
}

/** Whether this is the key of the block with this hash, 32 bytes. */
export function isKeyOf(hash: Uint8Array, value: unknown): boolean {
  return isBlockKey(value) && hash.every((byte, i) => byte === value[prefix.length + i]);
}

/** Takes a key of 34 bytes. Does not check the two bytes before the id. */
export function idInBlockKey(key: Uint8Array): Id {
  return idFromBytes(key.slice(prefix.length)); // for so few bytes, a view is slower than a copy
}
