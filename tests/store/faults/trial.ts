import type { FileRefusal } from "../../../src/store/errors.ts";
import type { Fault } from "./failing-disk.ts";

/** What to try, and what to do after the first refusal: stop, or try the same again on a disk that is sound by then. */
export interface Trial {
  readonly fault: Fault;
  readonly reaction: "stop" | "try again";
}

/** What was refused, or thrown otherwise, in the step of this index; and what the node knew then. */
export type Problem = { readonly step: number; readonly marker: string } & (
  | { readonly refusal: FileRefusal }
  | { readonly error: string }
);

export interface Outcome {
  /** How many steps were acknowledged. */
  readonly done: number;
  readonly problems: readonly Problem[];
  /** Calls that came, and how many of them failed. */
  readonly calls: number;
  readonly failed: number;
  /** What the node knows in the end. */
  readonly marker: string;
}
