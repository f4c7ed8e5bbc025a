import { Code, ConnectError } from "@connectrpc/connect";
import { VmError } from "../core/errors.ts";

/** The one door from anything thrown to a gRPC status. What is no refusal of ours is a bug, and says so. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof VmError) return new ConnectError(error.message, codeOf(error), undefined, undefined, error);
  return new ConnectError(`internal error: ${String(error)}`, Code.Internal, undefined, undefined, error);
}

function codeOf({ refusal }: VmError): Code {
  switch (refusal.code) {
    case "malformed block":
    case "malformed genesis":
    case "malformed id":
    case "malformed config":
    case "malformed proof":
    case "data too large":
      return Code.InvalidArgument;
    case "mempool full":
    case "too many waiting":
    case "too many processing":
      return Code.ResourceExhausted;
    case "unknown parent":
    case "wrong height":
    case "timestamp before parent":
    case "future timestamp":
    case "nothing to build":
    case "too early":
    case "height decided":
    case "not processing":
    case "already accepted":
    case "already rejected":
    case "not next":
    case "not initialized":
    case "already initialized":
      return Code.FailedPrecondition;
    case "unknown block":
    case "no proof":
      return Code.NotFound;
    case "shut down":
    case "clock behind":
    case "proposals wait":
    case "database in use":
      return Code.Unavailable;
    case "database failed":
      return Code.DataLoss;
  }
}
