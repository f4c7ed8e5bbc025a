import { encodeCb58, IdError, idToBytes, parseId } from "./id.ts";

declare const brand: unique symbol;

/** 20 bytes as AvalancheGo writes them: `NodeID-` and CB58 text, equal exactly when the bytes are equal. */
export type NodeId = string & { readonly [brand]: "NodeId" };

/** Bytes of a node id. */
export const nodeIdBytes = 20;

/** Takes 20 bytes. Throws "malformed id". */
export function nodeIdFromBytes(bytes: Uint8Array): NodeId {
  if (bytes.length !== nodeIdBytes) {
    throw new IdError(`${bytes.length} bytes instead of ${nodeIdBytes}`);
  }
  return `NodeID-${encodeCb58(bytes)}` as NodeId;
}

/** Stands for a node where there is none: 20 zero bytes. No node has this id, since it is the hash of a certificate. */
export const noNode: NodeId = nodeIdFromBytes(new Uint8Array(nodeIdBytes));

/** Gives a new array of 20 bytes. */
export function nodeIdToBytes(nodeId: NodeId): Uint8Array {
  return idToBytes(parseId(nodeId.slice("NodeID-".length))).slice(0, nodeIdBytes);
}

/** Whether this is a node id as AvalancheGo writes it. The checksum must be right. */
export function isNodeId(value: unknown): value is NodeId {
  try {
    if (typeof value !== "string") return false;
    return value === nodeIdFromBytes(idToBytes(parseId(value.slice("NodeID-".length))).subarray(0, nodeIdBytes));
  } catch {
    return false;
  }
}
