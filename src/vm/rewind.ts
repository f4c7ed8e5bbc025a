import { equalBytes, type Id, idFromBytes, idToBytes } from "../avalanche/id.ts";

/**
 * What the node's own database knows of our file: which one it is, and its last accepted block. The node cannot start
 * a chain whose VM is ahead of it (avalanchego v1.14.2, vms/proposervm/vm.go:635), and after a power cut our synced
 * file can be ahead of its unsynced database. The marker is written to the node's database after each accept, so
 * whichever of the two lost its end, the lower of both heads is one that both know.
 */
export interface HeadMarker {
  /** 16 bytes. */
  readonly instanceId: Uint8Array;
  readonly height: bigint;
  readonly id: Id;
}

/** Where the marker stands in the database that the node lends the VM. */
export const headMarkerKey: Uint8Array = new TextEncoder().encode("timestampvm/v1/head");

/** `instanceId(16) height(u64, big endian) id(32)`. */
export function formatHeadMarker({ instanceId, height, id }: HeadMarker): Uint8Array {
  const bytes = new Uint8Array(markerBytes);
  bytes.set(instanceId);
  new DataView(bytes.buffer).setBigUint64(heightAt, height);
  bytes.set(idToBytes(id), idAt);
  return bytes;
}

/** Gives undefined for bytes that are no marker: they say nothing about our file. */
export function parseHeadMarker(bytes: Uint8Array): HeadMarker | undefined {
  if (bytes.length !== markerBytes) return undefined;
  return {
    instanceId: bytes.slice(0, heightAt),
    height: new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(heightAt),
    id: idFromBytes(bytes.subarray(idAt)),
  };
}

/** Why blocks must be taken off the chain at start. */
export type RewindReason =
  | "the node's database does not know this chain"
  | "the node's database belongs to another chain data directory"
  | "the node's database has another block at this height"
  | "the node's database is behind";

export interface Rewind {
  /** Our file must go back to it. */
  readonly height: bigint;
  readonly reason: RewindReason;
  /** Whether the chain itself may have lost what is taken off: then it must be proposed again. */
  readonly isLost: boolean;
}

/** How our file must go back, and why; undefined when it can stay as it is. */
export function findRewind(
  stored: HeadMarker,
  marker: HeadMarker | undefined,
  getIdAtHeight: (height: bigint) => Id | undefined,
): Rewind | undefined {
  if (stored.height === 0n) return undefined;
  if (marker === undefined) return toGenesis("the node's database does not know this chain");
  if (!equalBytes(marker.instanceId, stored.instanceId)) {
    return toGenesis("the node's database belongs to another chain data directory");
  }
  if (marker.height > stored.height) return undefined; // the node follows us back
  if (getIdAtHeight(marker.height) !== marker.id) {
    return toGenesis("the node's database has another block at this height");
  }
  if (marker.height === stored.height) return undefined;
  return { height: marker.height, reason: "the node's database is behind", isLost: true };
}

/** What another database had decided is not this chain's to keep. */
function toGenesis(reason: RewindReason): Rewind {
  return { height: 0n, reason, isLost: false };
}

const heightAt = 16;
const idAt = 24;
const markerBytes = 56;
