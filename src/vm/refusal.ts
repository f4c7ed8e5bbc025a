import { ChainError, type ChainRefusal } from "../core/errors.ts";
import { FileError, type FileRefusal } from "../store/errors.ts";
import { LimitError, type LimitRefusal } from "./limit-error.ts";

/** Every way the chain refuses those who use it: by its rules, by its limits, or for its file. */
export type VmRefusal = ChainRefusal | FileRefusal | LimitRefusal;

/** The reason of an error that the chain has thrown; undefined for any other error: a bug. */
export function vmRefusalOf(error: unknown): VmRefusal | undefined {
  const isRefusal = error instanceof ChainError || error instanceof FileError || error instanceof LimitError;
  return isRefusal ? error.refusal : undefined;
}

/** The error for a reason that came from another thread, which errors themselves do not survive. */
export function vmErrorOf(refusal: VmRefusal): Error {
  switch (refusal.code) {
    case "database in use":
    case "database failed":
      return new FileError(refusal);
    case "too many waiting":
    case "too many answers":
    case "answers too large":
      return new LimitError(refusal);
    default:
      return new ChainError(refusal);
  }
}
