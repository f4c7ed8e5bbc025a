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
