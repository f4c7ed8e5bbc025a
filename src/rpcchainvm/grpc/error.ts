import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf, textOf } from "../../avalanche/coded-error.ts";
import { IdError } from "../../avalanche/id.ts";

/** Gives the gRPC status of an error that the VM throws on purpose; undefined for any other, which is a bug. */
export type StatusOf = (error: unknown) => Code | undefined;

/** Turns anything thrown into a gRPC status; a bug becomes "internal error". Never throws: the chain waits. */
export function toConnectError(error: unknown, statusOf: StatusOf): ConnectError {
  if (error instanceof ConnectError) return error;
  try {
    const code = error instanceof IdError ? Code.InvalidArgument : statusOf(error);
    return code === undefined ? bugOf(error) : new ConnectError(messageOf(error), code, undefined, undefined, error);
  } catch (problem) {
    return bugOf(problem);
  }
}

function bugOf(error: unknown): ConnectError {
  return new ConnectError(`internal error: ${textOf(error)}`, Code.Internal, undefined, undefined, error);
}
