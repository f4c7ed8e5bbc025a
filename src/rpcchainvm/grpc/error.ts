import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf, textOf } from "../../avalanche/coded-error.ts";
import { IdError } from "../../avalanche/id.ts";

/** The gRPC status of an error that a VM refuses with; undefined for one that it does not know, which is a bug. */
export type StatusOf = (error: unknown) => Code | undefined;

/**
 * The one door from anything thrown to a gRPC status. What is no refusal is a bug, and says so. Never throws itself:
 * the chain waits for the answer.
 */
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
