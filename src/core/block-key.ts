import { type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";

/** Length of a block's key in bytes. */
export const blockKeyBytes = 34;

const prefix = Uint8Array.of(0x00, 0x2f);

/** The key under which a block is stored, ours as that of timestampvm-rs (state/mod.rs:44): `0x00 '/' id(32)`. */
export function blockKey(id: Id): Uint8Array {
  const key = new Uint8Array(blockKeyBytes);
  key.set(prefix);
  key.set(idToBytes(id), prefix.length);
  return key;
}

/** Takes a key of 34 bytes. Does not check the two before the id. */
export function idInBlockKey(key: Uint8Array): Id {
  return idFromBytes(key.subarray(prefix.length));
}
