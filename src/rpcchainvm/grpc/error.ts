import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf } from "../../avalanche/coded-error.ts";
import { IdError } from "../../avalanche/id.ts";

/** The gRPC status of an error that a VM refuses with; undefined for one that it does not know, which is a bug. */
export type StatusOf = (error: unknown) => Code | undefined;

/** The one door from anything thrown to a gRPC status. What is no refusal is a bug, and says so. */
export function toConnectError(error: unknown, statusOf: StatusOf): ConnectError {
  if (error instanceof ConnectError) return error;
  const code = error instanceof IdError ? Code.InvalidArgument : statusOf(error);
  if (code === undefined)
    return new ConnectError(`internal error: ${String(error)}`, Code.Internal, undefined, undefined, error);
  return new ConnectError(messageOf(error), code, undefined, undefined, error);
}
