import { create, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type InitializeRequest, InitializeRequestSchema } from "../../../gen/vm/vm_pb.ts";
import type { Protocol } from "../protocol.ts";

/** Reads what Initialize carries in the protocol's layout, into the newest. What an older one lacks is empty. */
export function decodeInitialize({ initializeRequest }: Protocol, bytes: Uint8Array): InitializeRequest {
  return toNewest(fromBinary(initializeRequest, bytes, { readUnknownFields: false }));
}

function toNewest(request: MessageShape<Protocol["initializeRequest"]>): InitializeRequest {
  if (!("dbServers" in request)) return request;
  const { $typeName: _, dbServers, ...fields } = request;
  // One for each layout that the node's database ever had; the first is the newest, the one in use.
  return create(InitializeRequestSchema, { ...fields, dbServerAddr: dbServers[0]?.serverAddr ?? "" });
}
