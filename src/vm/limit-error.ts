import { CodedError } from "../avalanche/coded-error.ts";

/** Every limit of the calls that clients may have open at a time. */
export type LimitRefusal =
  | { readonly code: "too many waiting"; readonly waiting: number }
  | { readonly code: "too many answers" }
  | { readonly code: "answers too large" };

/** A limit of calls is reached. The same call may succeed later, or in a smaller batch. */
export class LimitError extends CodedError<LimitRefusal> {
  override readonly name = "LimitError";

  constructor(refusal: LimitRefusal) {
    super(refusal, describe(refusal));
  }
}

function describe(refusal: LimitRefusal): string {
  switch (refusal.code) {
    case "too many waiting":
      return `${refusal.waiting} calls are waiting already: ask again without waitMs`;
    case "too many answers":
      return "too many answers wait to be fetched, try again later: nothing was done";
    case "answers too large":
      return "the answers to this batch are too large";
  }
}
