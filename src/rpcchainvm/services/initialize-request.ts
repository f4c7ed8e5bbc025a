import { create, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type InitializeRequest, InitializeRequestSchema } from "../../../gen/vm/vm_pb.ts";
import type { Protocol } from "../protocol.ts";

/** Decodes the request of Initialize into the newest layout. Fields that an older layout lacks are empty. */
export function decodeInitialize({ initializeRequest }: Protocol, bytes: Uint8Array): InitializeRequest {
  return toNewest(fromBinary(initializeRequest, bytes, { readUnknownFields: false }));
}

function toNewest(request: MessageShape<Protocol["initializeRequest"]>): InitializeRequest {
  if (!("dbServers" in request)) return request;
  const { $typeName: _, dbServers, ...fields } = request;
  // There is a server for each layout that the node's database ever had. The first is the newest, which is in use.
  return create(InitializeRequestSchema, { ...fields, dbServerAddr: dbServers[0]?.serverAddr ?? "" });
}
