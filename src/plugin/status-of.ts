import { Code } from "@connectrpc/connect";
import { ChainError, type ChainRefusal } from "../core/errors.ts";
import { FileError, type FileRefusal } from "../store/errors.ts";

/** The gRPC status for a refusal of the chain or its file; undefined for any other error. */
export function statusOf(error: unknown): Code | undefined {
  return error instanceof ChainError || error instanceof FileError ? statusByCode[error.refusal.code] : undefined;
}

const statusByCode: Readonly<Record<ChainRefusal["code"] | FileRefusal["code"], Code>> = {
  "malformed block": Code.InvalidArgument,
  "malformed genesis": Code.InvalidArgument,
  "malformed config": Code.InvalidArgument,
  "data too large": Code.InvalidArgument,
  "mempool full": Code.ResourceExhausted,
  "too many processing": Code.ResourceExhausted,
  "unknown parent": Code.FailedPrecondition,
  "wrong height": Code.FailedPrecondition,
  "timestamp before parent": Code.FailedPrecondition,
  "future timestamp": Code.FailedPrecondition,
  "nothing to build": Code.FailedPrecondition,
  "too early": Code.FailedPrecondition,
  "height decided": Code.FailedPrecondition,
  "not processing": Code.FailedPrecondition,
  "already accepted": Code.FailedPrecondition,
  "already rejected": Code.FailedPrecondition,
  "not next": Code.FailedPrecondition,
  "unknown block": Code.NotFound,
  "shut down": Code.Unavailable,
  "clock behind": Code.Unavailable,
  "proposals wait": Code.Unavailable,
  "database in use": Code.Unavailable,
  "database failed": Code.DataLoss,
};
