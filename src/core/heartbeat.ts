import { type Id, idToBytes } from "../avalanche/id.ts";

/**
 * The data of a block that is made for its time alone, when nobody has proposed anything for long: ASCII
 * `timestampvm/heartbeat/v1`, and the 32 bytes of the parent's id, so that no two heartbeats of a chain are the same.
 */
export function heartbeatOn(parentId: Id): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode("timestampvm/heartbeat/v1"), ...idToBytes(parentId)]);
}
