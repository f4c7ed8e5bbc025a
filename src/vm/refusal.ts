import { ChainError, type ChainRefusal } from "../core/errors.ts";
import { FileError, type FileRefusal } from "../store/errors.ts";
import { LimitError, type LimitRefusal } from "./limit-error.ts";

/** Every reason why the chain refuses a call: its rules, its limits, or its file. */
export type VmRefusal = ChainRefusal | FileRefusal | LimitRefusal;

/** The reason of an error of the chain; undefined for any other error, which is a bug. */
export function vmRefusalOf(error: unknown): VmRefusal | undefined {
  const isRefusal = error instanceof ChainError || error instanceof FileError || error instanceof LimitError;
  return isRefusal ? error.refusal : undefined;
}

/** The error for a reason from another thread: errors lose their class and data on the way to another thread. */
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
