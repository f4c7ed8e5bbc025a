import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LockOption } from "../../../gen/vm/older_pb.ts";
import type { CreateHandlersResponseSchema } from "../../../gen/vm/vm_pb.ts";
import type { Pieces } from "../grpc/frame.ts";
import type { Protocol } from "../protocol.ts";

/** The HTTP handlers, as the answer to CreateHandlers lists them. */
export type HandlersReply = MessageInitShape<typeof CreateHandlersResponseSchema>;

/**
 * Encodes the answer to CreateHandlers and CreateStaticHandlers in the protocol's layout. Tells old nodes not to lock
 * the chain during a request: a slow client would stop consensus.
 */
export function encodeHandlers({ handlersReply }: Protocol, { handlers = [] }: HandlersReply): Pieces {
  const unlocked = handlers.map((handler) => ({ ...handler, lockOptions: LockOption.NONE }));
  return [toBinary(handlersReply, create(handlersReply, { handlers: unlocked }))];
}
