import { type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";

/** Bytes of a block's key. */
export const blockKeyBytes = 34;

const prefix = Uint8Array.of(0x00, 0x2f);

/** The status-prefix key of timestampvm-rs (state/mod.rs:44), and ours: `0x00 '/' id(32)`. */
export function blockKey(id: Id): Uint8Array {
  const key = new Uint8Array(blockKeyBytes);
  key.set(prefix);
  key.set(idToBytes(id), prefix.length);
  return key;
}

/** Takes 34 bytes; what is in front of the id is not looked at. */
export function idInBlockKey(key: Uint8Array): Id {
  return idFromBytes(key.subarray(prefix.length));
}
