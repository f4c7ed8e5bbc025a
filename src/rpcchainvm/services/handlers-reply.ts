import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LockOption } from "../../../gen/vm/older_pb.ts";
import type { CreateHandlersResponseSchema } from "../../../gen/vm/vm_pb.ts";
import type { Pieces } from "../grpc/frame.ts";
import type { Protocol } from "../protocol.ts";

/** Which handlers of HTTP there are, as the answer to CreateHandlers says it. */
export type HandlersReply = MessageInitShape<typeof CreateHandlersResponseSchema>;

/**
 * Writes what CreateHandlers and CreateStaticHandlers answer in the protocol's layout. Where the node would lock the
 * chain during a request, it must not: a client that sends slowly would stop consensus.
 */
export function encodeHandlers({ handlersReply }: Protocol, { handlers = [] }: HandlersReply): Pieces {
  const unlocked = handlers.map((handler) => ({ ...handler, lockOptions: LockOption.NONE }));
  return [toBinary(handlersReply, create(handlersReply, { handlers: unlocked }))];
}
