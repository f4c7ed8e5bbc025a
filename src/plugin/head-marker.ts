import { idFromBytes, idToBytes } from "../avalanche/id.ts";
import type { HeadMarker } from "../vm/rewind.ts";

/** The key of the head marker in the node's database. */
export const headMarkerKey: Uint8Array = new TextEncoder().encode("timestampvm/v1/head");

/** Encodes a marker, 56 bytes: `instanceId(16) height(u64, big endian) id(32)`. */
export function formatHeadMarker({ instanceId, height, id }: HeadMarker): Uint8Array {
  const bytes = new Uint8Array(markerBytes);
  bytes.set(instanceId);
  new DataView(bytes.buffer).setBigUint64(heightAt, height);
  bytes.set(idToBytes(id), idAt);
  return bytes;
}

/** Decodes a marker; undefined for other bytes, which say nothing about our file. */
export function parseHeadMarker(bytes: Uint8Array): HeadMarker | undefined {
  if (bytes.length !== markerBytes) return undefined;
  return {
    instanceId: bytes.slice(0, heightAt),
    height: new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(heightAt),
    id: idFromBytes(bytes.subarray(idAt)),
  };
}

const heightAt = 16;
const idAt = 24;
const markerBytes = 56;
